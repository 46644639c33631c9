// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys/proof/reset_method.h"

int cxv_reset_method_read(const struct cxv_host *host, const char *bdf, char **methods)
{
	return cxv_host_read_string(host, methods, "sys/bus/pci/devices/%s/reset_method", bdf);
}

int cxv_reset_method_file(const char *bdf, struct cxv_kept_file *file)
{
	return cxv_kept_file_init(file, "sys/bus/pci/devices/%s/reset_method", bdf);
}
