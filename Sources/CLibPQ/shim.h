// libpq, PostgreSQL's C client library (package libpq-dev, 14 or later for pipelines).
#ifndef CLIBPQ_SHIM_H
#define CLIBPQ_SHIM_H

#include <libpq-fe.h>

// The codes of PQresultErrorField are character macros, which Swift imports as CChar or not at all.
static inline int CLibPQ_severity(void) { return PG_DIAG_SEVERITY_NONLOCALIZED; }
static inline int CLibPQ_sqlState(void) { return PG_DIAG_SQLSTATE; }
static inline int CLibPQ_primaryMessage(void) { return PG_DIAG_MESSAGE_PRIMARY; }
static inline int CLibPQ_detail(void) { return PG_DIAG_MESSAGE_DETAIL; }
static inline int CLibPQ_hint(void) { return PG_DIAG_MESSAGE_HINT; }
static inline int CLibPQ_statementPosition(void) { return PG_DIAG_STATEMENT_POSITION; }
static inline int CLibPQ_context(void) { return PG_DIAG_CONTEXT; }
static inline int CLibPQ_schemaName(void) { return PG_DIAG_SCHEMA_NAME; }
static inline int CLibPQ_tableName(void) { return PG_DIAG_TABLE_NAME; }
static inline int CLibPQ_columnName(void) { return PG_DIAG_COLUMN_NAME; }
static inline int CLibPQ_constraintName(void) { return PG_DIAG_CONSTRAINT_NAME; }
static inline int CLibPQ_sourceFunction(void) { return PG_DIAG_SOURCE_FUNCTION; }

#endif
