#!/bin/sh
# server.sh start FOLDER: starts a PostgreSQL server whose data and socket are in FOLDER, which is made where it is missing; only the socket takes connections.
# POSTGRES_ADDRESS, where it is set, is an address for TCP as well (its own network's, without a password), POSTGRES_OPTIONS more of `postgres`' options.
# server.sh replica FOLDER OF: makes FOLDER a streaming replica of the server in OF, and starts it.
# server.sh crash FOLDER: ends it as a power cut would, for its clients. server.sh stop FOLDER: ends it and removes FOLDER.
set -eu
folder=$2
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "PostgreSQL's server is not installed (package postgresql)" >&2; exit 1; }
# The server refuses to run as root.
as_owner() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else "$@"; fi; }

case $1 in
replica)
  mkdir -p "$folder"
  if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
  cd "$folder"
  as_owner "$bin/pg_basebackup" -h "$3" -U coreldove -D "$folder/data" -R -X stream -c fast --no-sync
  exec "$0" start "$folder"
  ;;
start)
  if [ ! -d "$folder/data" ]; then
    mkdir -p "$folder"
    if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
    # A language's own order of texts, so that a test fails where the store relies on the database's.
    as_owner "$bin/initdb" -D "$folder/data" -U coreldove -A trust -E UTF8 --no-sync --locale=C.UTF-8 --locale-provider=icu --icu-locale=en > "$folder/initdb.log" 2>&1 ||
      { cat "$folder/initdb.log" >&2; rm -rf "$folder"; exit 1; }
    if [ -n "${POSTGRES_ADDRESS:-}" ]; then echo "host all,replication all ${POSTGRES_ADDRESS%.*}.0/24 trust" | as_owner tee -a "$folder/data/pg_hba.conf" > /dev/null; fi
  fi
  cd "$folder"
  if as_owner "$bin/pg_ctl" -D "$folder/data" status > /dev/null; then exit 0; fi
  as_owner "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 30 -s start \
    -o "-c listen_addresses='${POSTGRES_ADDRESS:-}' -c unix_socket_directories='$folder' -c max_connections=60 -c shared_buffers=32MB ${POSTGRES_OPTIONS:-}" < /dev/null > /dev/null 2>&1 ||
    { cat "$folder/log" >&2; exit 1; }
  ;;
crash)
  cd "$folder"
  as_owner "$bin/pg_ctl" -D "$folder/data" -m immediate -w -t 30 -s stop
  ;;
stop)
  if [ -d "$folder/data" ]; then
    cd "$folder"
    as_owner "$bin/pg_ctl" -D "$folder/data" -m immediate -w -t 30 -s stop || true
    cd /
    rm -rf "$folder"
  fi
  ;;
*)
  echo "server.sh start|crash|stop FOLDER, server.sh replica FOLDER OF" >&2
  exit 2
  ;;
esac
