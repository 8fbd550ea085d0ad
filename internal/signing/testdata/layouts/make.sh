#!/usr/bin/env bash
# Makes the files of this folder from plain.pdf, with qpdf and mutool.
set -e
qpdf --static-id --object-streams=generate plain.pdf object-streams.pdf
qpdf --static-id --linearize plain.pdf linearized.pdf
qpdf --static-id --linearize --object-streams=generate plain.pdf linearized-object-streams.pdf
mutool clean -gggg -z plain.pdf mutool.pdf
