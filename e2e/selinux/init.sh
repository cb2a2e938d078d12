#!/bin/sh
# What the machine's init does: runs, in its domain, the commands that it is given. The
# last may begin with exec. None of them has the FIFO open.
exec <>/run/init.fifo >/dev/ttyS1 2>&1
while read -r line; do
	# shellcheck disable=SC2086 # a list of words
	$line </dev/null
	echo ended >/run/init.done
done
