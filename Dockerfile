# One image for every process of vsmanager: docs/deploy.md.

FROM python:3.13-slim-bookworm AS build
# requirements-procrastinate.txt or requirements-otel.txt have more in them.
ARG REQUIREMENTS=requirements.txt
WORKDIR /app
COPY requirements*.txt ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r "$REQUIREMENTS"
COPY . .
# The key is for this step only, which signs nothing; it is in no image that runs.
RUN STATIC_ROOT=/app/static SECRET_KEY=for-this-step-which-signs-nothing-at-all \
    /venv/bin/python manage.py collectstatic --no-input \
    && /venv/bin/python -m compileall -q /app /venv/lib

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent vsmanager
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATIC_ROOT=/app/static
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "vsmanager.wsgi", "--bind", "0.0.0.0:8000"]
