#!/bin/sh
# Data, training, export, evaluation and report of the starter council, from nothing.
# Needs /usr/bin/python3 with torch (1.13) and numpy; two CPU cores, about 1.5 hours.
# Unfinished training in .work/ is continued; `make.sh --fresh` starts over.
set -eu
cd "$(dirname "$0")"
PY="${PYTHON:-/usr/bin/python3}"
export OMP_NUM_THREADS=1
[ "${1:-}" = "--fresh" ] && rm -rf .work
mkdir -p .work
[ -e .work/began ] || date +%s > .work/began

"$PY" dataset.py
"$PY" check_splits.py
pids=""
for member in alder birch cedar; do
  "$PY" train.py "$member" &
  pids="$pids $!"
done
for pid in $pids; do wait "$pid"; done
for member in alder birch cedar; do
  "$PY" gguf.py "$member"
  "$PY" evaluate.py "$member"
done
"$PY" evaluate.py --samples
"$PY" report.py
