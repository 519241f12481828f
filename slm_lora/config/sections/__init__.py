"""One section of the config a class: what each key means, its default and what it may hold."""
