#ifndef CRYPTOFLOW_CXGBOOST_SHIM_H
#define CRYPTOFLOW_CXGBOOST_SHIM_H

#include <xgboost/c_api.h>

#endif
