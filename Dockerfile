# syntax=docker/dockerfile:1
# Small, and run by nobody in particular: no pip, no compiler, and nothing is written at run time.

FROM python:3.13-alpine AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --no-compile --require-hashes --no-deps --only-binary :all: \
        --target /app --requirement requirements.lock
COPY src/rollonce /app/rollonce
RUN python -m compileall -q --invalidation-mode unchecked-hash /app && rm -rf /app/bin \
    && printf '#!/bin/sh\nexec python -m rollonce "$@"\n' > /rollonce && chmod 755 /rollonce

FROM python:3.13-alpine
RUN python -m pip uninstall --yes --quiet pip
COPY --from=build /app /app
COPY --from=build /rollonce /usr/local/bin/rollonce
ENV PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["rollonce"]
