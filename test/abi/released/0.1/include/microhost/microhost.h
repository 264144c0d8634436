/* SPDX-License-Identifier: Apache-2.0 */
/* Everything of the border that is frozen. */
#ifndef MICROHOST_MICROHOST_H
#define MICROHOST_MICROHOST_H

#include <microhost/base.h>
#include <microhost/config.h>
#include <microhost/core.h>
#include <microhost/entry.h>
#include <microhost/http_filter.h>
#include <microhost/http_names.h>
#include <microhost/http_request.h>
#include <microhost/log.h>

#endif
