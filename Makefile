# SPDX-License-Identifier: GPL-2.0-or-later
#
# A thin front: Meson builds, tests/check tests, tests/vm runs the machine.

help:
	@echo "make demo     a VM with an emulated Type-2 endpoint: list, bind, reset with proof, a guest"
	@echo "make check    the tests of a day, which CI runs: 23 minutes, the first time 55"
	@echo "make check-full  every test: 72 minutes on two cores, longer on slow ones"
	@echo "make soak     the long tests at full length, then stress with ever new seeds, until ^C"
	@echo "make install  build and install here: needs Debian 13 or the libraries of its age"
	@echo "make package  Debian packages of this tree, in build/package"
	@echo "Parts: tests/check --help. The driver alone: make -C kernel-driver"

demo:
	@tests/demo

check:
	@tests/check

check-full:
	@tests/check --full

soak:
	@tests/vm/soak

install:
	meson setup --prefix=/usr --buildtype=release build/install
	meson install -C build/install

package:
	@packaging/build

.PHONY: help demo check check-full soak install package
