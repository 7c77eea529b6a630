#!/bin/sh
# No init system runs services here, so installing a package must not try to start one.
exit 101
