#!/bin/bash
# MySQL 9 from Debian unstable: mysql9.sh start|stop [PORT]. The rest is in sid.sh.
exec "$(dirname "$0")/sid.sh" mysql "$@"
