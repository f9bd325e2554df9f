import DAGModel

/// The names a template may read: Airflow's context, and two of ours.
///
/// Source: Airflow 3 documentation, "Templates reference", and the Task SDK's `Context`.
enum ContextNames {
    /// Names that give a value.
    static let known: Set<String> = [
        "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "logical_date", "data_interval_start",
        "data_interval_end", "run_id", "dag", "task", "dag_run", "ti", "task_instance", "task_instance_key_str",
        "params",
        "var", "macros", "prev_data_interval_start_success", "prev_data_interval_end_success",
        "prev_start_date_success", "prev_end_date_success", "try_number", "test_mode", "expanded_ti_count",
        "events_start", "events_end", "conn", "inlets", "outlets", "range", "dict", "namespace",
    ]

    /// Names that have a value in the arguments of callbacks only: Airflow's, and `event` and `log_hint`.
    static let ofCallbacks: Set<String> = ["event", "reason", "exception", "log_hint", "deadline"]

    /// Names of Airflow's (or Jinja's) that this version has no value for.
    static let later: Set<String> = [
        "outlet_events", "inlet_events", "templates_dict", "triggering_asset_events",
        "map_index_template", "partition_key", "partition_date", "task_reschedule_count", "task_state_store",
        "asset_state_store", "cycler", "joiner", "lipsum",
    ]

    /// What to use instead of some of them.
    private static let instead: [String: String] = [
        "triggering_asset_events": "use events_start and events_end", "cycler": "use loop.cycle",
        "joiner": "use the filter join, or loop.last",
    ]

    /// Names that Airflow 3 removed, with what took their place.
    static let removed: [String: String] = [
        "execution_date": "logical_date", "next_execution_date": "data_interval_end",
        "prev_execution_date": "prev_data_interval_start_success", "next_ds": "data_interval_end | ds",
        "next_ds_nodash": "data_interval_end | ds_nodash",
        "prev_ds": "prev_data_interval_start_success | ds",
        "prev_ds_nodash": "prev_data_interval_start_success | ds_nodash",
        "yesterday_ds": "macros.ds_add(ds, -1)", "tomorrow_ds": "macros.ds_add(ds, 1)",
        "yesterday_ds_nodash": "macros.ds_format(macros.ds_add(ds, -1), '%Y-%m-%d', '%Y%m%d')",
        "tomorrow_ds_nodash": "macros.ds_format(macros.ds_add(ds, 1), '%Y-%m-%d', '%Y%m%d')", "conf": "dag_run.conf",
        "prev_execution_date_success": "prev_data_interval_start_success",
    ]

    /// Throws unless the name is known.
    static func check(_ name: String, at offset: Int? = nil) throws(Failure) {
        if known.contains(name) || ofCallbacks.contains(name) { return }
        throw unknown(name, at: offset)
    }

    static func unknown(_ name: String, at offset: Int? = nil) -> Failure {
        if later.contains(name) {
            return Failure("'\(name)' is not available in this version", hint: instead[name], at: offset)
        }
        if let replacement = removed[name] {
            return Failure("unknown name '\(name)': Airflow 3 removed it", hint: "use \(replacement)", at: offset)
        }
        let nearest = NearestName.of(name, among: known.union(ofCallbacks).sorted())
        return Failure("unknown name '\(name)'", hint: nearest.map { "did you mean '\($0)'?" }, at: offset)
    }
}

/// Hints for unknown filters, tests and statements.
enum NearestWord {
    static func of(_ name: String, among names: Set<String>) -> String? {
        NearestName.of(name, among: names.sorted()).map { "did you mean '\($0)'?" }
    }
}
