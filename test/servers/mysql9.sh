#!/bin/bash
# A private MySQL 9 for tests and capture, on a Debian machine (amd64) whose own archive has MariaDB only.
#
#   mysql9.sh start [PORT]   prints the URL of a server that answers on 127.0.0.1 (default port 33097)
#   mysql9.sh stop [PORT]    stops it and removes its data
#
# Nothing is installed. The packages come from Debian unstable with everything they depend on, the C library
# included, and are unpacked into ${XDG_CACHE_HOME:-~/.cache}/db-http-errors; the server runs through the dynamic
# loader unpacked there. Works as root and as an ordinary user. MIRROR names another Debian archive.
set -euo pipefail

port=${2:-33097}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/db-http-errors
root=$cache/mysql9
state=$cache/mysql9-$port.run
mkdir -p "$cache"

fail() {
  echo "mysql9.sh: $1" >&2
  exit 1
}

fetch() {
  [ ! -x "$root/usr/sbin/mysqld" ] || return 0
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
  APT_CONFIG=$apt/apt.conf apt-get -qq install -y --download-only mysql-server-core
  for package in "$apt"/debs/*.deb; do dpkg -x "$package" "$apt/root"; done
  # Complete or not there at all: an interrupted run leaves no half of a server behind.
  rm -rf "$root"
  mv "$apt/root" "$root"
  rm -rf "$apt"
}

server() {
  local lib=$root/usr/lib/x86_64-linux-gnu
  exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib:$lib/systemd:$root/usr/lib/mysql/private" \
    "$root/usr/sbin/mysqld" --no-defaults --user="$(id -un)" --basedir="$root/usr" \
    --plugin-dir="$root/usr/lib/mysql/plugin" --lc-messages-dir="$root/usr/share/mysql" \
    --character-sets-dir="$root/usr/share/mysql/charsets" "$@"
}

start() {
  stop
  fetch >&2
  local data log
  data=$(mktemp -d)
  log=$data/log
  (server --initialize-insecure --datadir="$data/data" --tmpdir="$data") > "$log" 2>&1 || fail "could not be initialised: $(tail -n 20 "$log")"
  (server --datadir="$data/data" --tmpdir="$data" --port="$port" --bind-address=127.0.0.1 --socket="$data/socket" \
    --pid-file="$data/pid" --mysqlx=OFF --skip-log-bin --secure-file-priv= --innodb-flush-log-at-trx-commit=0 \
    --innodb-flush-method=nosync --innodb-doublewrite=OFF) >> "$log" 2>&1 &
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

case ${1:-} in
  start) start ;;
  stop) stop ;;
  *)
    sed -n '2,9p' "$0" >&2
    exit 2
    ;;
esac
