# One image for web, worker, beat and migrate; compose says which.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    STATIC_ROOT=/srv/hub/static
WORKDIR /srv/hub/app

COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt

COPY . .
# Neither step asks a database; the values only let the settings load.
RUN export HUB_ENV=development SECRET_KEY=build CREDENTIAL_KEYS=build:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
        DATABASE_URL=postgresql://build@localhost/build REDIS_URL=redis://localhost && \
    for po in locale/*/LC_MESSAGES/*.po */locale/*/LC_MESSAGES/*.po */*/locale/*/LC_MESSAGES/*.po; do [ ! -f "$po" ] || pybabel --quiet compile -i "$po" -o "${po%.po}.mo"; done && \
    python manage.py collectstatic --noinput --verbosity 0 && \
    useradd --system --home-dir /srv/hub --no-create-home hub && \
    mkdir /srv/hub/state && chown hub /srv/hub/state

USER hub
ENV HUB_STATE_DIR=/srv/hub/state
EXPOSE 8000
CMD ["gunicorn", "hub.conf.wsgi", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=2", "--threads=4", "--worker-tmp-dir=/dev/shm", \
     "--timeout=60", "--graceful-timeout=25", "--max-requests=20000", "--max-requests-jitter=2000"]
