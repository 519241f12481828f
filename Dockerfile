# slm_lora with everything it needs, on a CPU or, with --gpus all, on a CUDA GPU (torch's wheel for
# Linux has both; docs/install.md says how to build a smaller image for CPUs only).
#   docker build --tag slm-lora .
#   docker run --rm --volume "$PWD:/work" slm-lora +recipe=sentiment model=nano
FROM python:3.11-slim

# bubblewrap runs the programs that a model writes; Triton compiles kernels with gcc when it first meets a GPU.
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends bubblewrap gcc libc6-dev libseccomp2 \
 && rm -rf /var/lib/apt/lists/*

ARG PIP_EXTRA_INDEX_URL
COPY . /source
RUN pip install --no-cache-dir --constraint /source/constraints.txt '/source[code,serve,sweep]'

# Run folders are written below it.
WORKDIR /work
ENTRYPOINT ["slm-lora"]
CMD ["--help"]
