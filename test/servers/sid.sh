#!/bin/bash
# A private MySQL 9 or MariaDB 11 for tests and capture, on a Debian machine (amd64) whose own archive has another version.
#
#   sid.sh mysql start [PORT]     prints the URL of a server that answers on 127.0.0.1 (default port 33097)
#   sid.sh mysql stop [PORT]      stops it and removes its data
#   sid.sh mariadb start [PORT]   the same, MariaDB (default port 33098)
#   sid.sh mariadb stop [PORT]
#
# Nothing is installed. The packages come from Debian unstable with everything they depend on, the C library
# included, and are unpacked into ${XDG_CACHE_HOME:-~/.cache}/db-http-errors; the server runs through the dynamic
# loader unpacked there. Works as root and as an ordinary user. MIRROR names another Debian archive.
set -euo pipefail

usage() {
  sed -n '2,11p' "$0" >&2
  exit 2
}

engine=${1:-}
case $engine in
  mysql) name=mysql9 package=mysql-server-core binary=usr/sbin/mysqld port=${3:-33097} ;;
  mariadb) name=mariadb11 package=mariadb-server-core binary=usr/sbin/mariadbd port=${3:-33098} ;;
  *) usage ;;
esac
cache=${XDG_CACHE_HOME:-$HOME/.cache}/db-http-errors
root=$cache/$name
state=$cache/$name-$port.run
mkdir -p "$cache"

fail() {
  echo "sid.sh: $1" >&2
  exit 1
}

fetch() {
  [ ! -x "$root/$binary" ] || return 0
  [ "$(dpkg --print-architecture 2> /dev/null)" = amd64 ] || fail 'needs Debian on amd64'
  local mirror apt
  mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n 1)}
  [ -n "$mirror" ] || fail 'no Debian archive is configured here: set MIRROR'
  apt=$(mktemp -d "$cache/apt.XXXXXX")
  mkdir -p "$apt"/{lists/partial,cache,debs/partial,etc/apt.conf.d,etc/preferences.d,none,root}
  # With an empty status file apt resolves all dependencies and takes nothing from this system for granted.
  : > "$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror%/} sid main" > "$apt/etc/sources.list"
  cat > "$apt/apt.conf" << CONF
Dir::Etc "$apt/etc"; Dir::Etc::sourcelist "$apt/etc/sources.list"; Dir::Etc::sourceparts "$apt/none";
Dir::State "$apt"; Dir::State::lists "$apt/lists"; Dir::State::status "$apt/status";
Dir::Cache "$apt/cache"; Dir::Cache::archives "$apt/debs";
APT::Architecture "amd64"; APT::Install-Recommends "false"; APT::Sandbox::User "$(id -un)"; Debug::NoLocking "true";
Acquire::Languages "none"; Acquire::Retries "3";
Acquire::Check-Valid-Until "false"; // a mirror may lag behind; signatures are still checked
CONF
  APT_CONFIG=$apt/apt.conf apt-get -qq update
  APT_CONFIG=$apt/apt.conf apt-get -qq install -y --download-only "$package"
  for package in "$apt"/debs/*.deb; do dpkg -x "$package" "$apt/root"; done
  # Complete or not there at all: an interrupted run leaves no half of a server behind.
  rm -rf "$root"
  mv "$apt/root" "$root"
  rm -rf "$apt"
}

server() {
  local lib=$root/usr/lib/x86_64-linux-gnu share=$root/usr/share/$engine
  [ "$engine" = mariadb ] || set -- --plugin-dir="$root/usr/lib/mysql/plugin" "$@"
  exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib:$lib/systemd:$root/usr/lib/mysql/private" \
    "$root/$binary" --no-defaults --user="$(id -un)" --basedir="$root/usr" \
    --lc-messages-dir="$share" --character-sets-dir="$share/charsets" "$@"
}

# The data of a new server, with a root user that has no password.
initialise() { # data directory, folder for temporary files
  if [ "$engine" = mysql ]; then
    server --initialize-insecure --datadir="$1" --tmpdir="$2"
    return
  fi
  # What mariadb-install-db does, which is not in the package of the server.
  # Source: https://github.com/MariaDB/server/blob/11.8/scripts/mysql_install_db.sh
  mkdir -p "$1/mysql"
  local part sql=$root/usr/share/mariadb
  {
    printf 'create database if not exists mysql;\nuse mysql;\nset @auth_root_socket=NULL;\n'
    for part in system_tables performance_tables system_tables_data; do cat "$sql/mariadb_$part.sql"; done
    cat "$sql/fill_help_tables.sql" "$sql/maria_add_gis_sp_bootstrap.sql" "$sql/mariadb_sys_schema.sql"
  } | server --bootstrap --datadir="$1" --tmpdir="$2"
}

start() {
  stop
  fetch >&2
  local data log own=()
  data=$(mktemp -d)
  log=$data/log
  [ "$engine" = mariadb ] || own=(--mysqlx=OFF --secure-file-priv=)
  (initialise "$data/data" "$data") > "$log" 2>&1 || fail "could not be initialised: $(tail -n 20 "$log")"
  (server --datadir="$data/data" --tmpdir="$data" --port="$port" --bind-address=127.0.0.1 --socket="$data/socket" \
    --pid-file="$data/pid" --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync \
    --innodb-doublewrite=OFF "${own[@]}") >> "$log" 2>&1 &
  echo "$! $data" > "$state"
  for _ in $(seq 300); do
    # A server that is up greets whoever connects.
    if (exec 3<> "/dev/tcp/127.0.0.1/$port" && head -c 5 <&3 > /dev/null) 2> /dev/null; then
      echo "mysql://root@127.0.0.1:$port"
      return
    fi
    kill -0 $! 2> /dev/null || break
    sleep 0.2
  done
  tail -n 20 "$log" >&2
  stop
  fail 'did not start'
}

stop() {
  [ -e "$state" ] || return 0
  local pid data
  read -r pid data < "$state"
  kill "$pid" 2> /dev/null || true
  for _ in $(seq 100); do
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.1
  done
  rm -rf "$data" "$state"
}

case ${2:-} in
  start) start ;;
  stop) stop ;;
  *) usage ;;
esac
