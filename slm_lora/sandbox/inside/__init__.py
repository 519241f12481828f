"""What runs inside the sandbox: only this folder is visible there, and only the standard library.

`zygote` waits for programs and forks; `sample` gives the fork its limits; `runner` runs one program
and its tests; `strict` decides what may be compared; `guard` and `integrity` look after the runner.
`comparer` is a process of its own, outside, that holds values against literals.
"""
