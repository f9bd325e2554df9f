package import DAGModel

/// Every attribute a document may have, by what is done with it.
///
/// Source: the arguments of `DAG` and `BaseOperator` in Airflow's Task SDK 1.3 (Airflow 3.3).
package enum KnownAttributes {
    /// What `$schema` may be.
    package static let schemaURL = "https://airflow.apache.org/schemas/dag/2026-10-30.json"
    package static let schemaDate = "2026-10-30"

    /// Top-level keys that are read.
    package static let dag: Set<String> = [
        "$schema", "dag_id", "schedule", "templates", "tasks", "description", "start_date", "end_date", "catchup",
        "catchup_window", "timezone", "dst", "max_active_runs", "max_active_tasks", "max_consecutive_failed_dag_runs",
        "dagrun_timeout", "tags", "params", "owner_links", "doc_md", "is_paused_upon_creation", "fail_fast",
        "dag_display_name", "default_args", "allowed_run_types", "on_success_callback", "on_failure_callback",
        "deadline",
    ]

    /// Airflow's other arguments of a DAG: kept and shown.
    ///
    /// The text says what is lost, nil when nothing is.
    package static let inertDAG: [String: String?] = [
        "access_control": nil, "auto_register": nil, "disable_bundle_versioning": nil, "rerun_with_latest_version": nil,
        "render_template_as_native_obj": "templates always give texts",
        "jinja_environment_kwargs": "the template engine has no such settings",
        "template_searchpath": "templates cannot include files",
        "template_undefined": "undefined names are always errors",
        "user_defined_macros": "macros of one's own are not available",
        "user_defined_filters": "filters of one's own are not available",
        "sla_miss_callback": "Airflow 3 has no SLAs either",
    ]

    /// Task keys that are read.
    package static let task: Set<String> = [
        "id", "uses", "run", "with", "needs", "extends", "expand", "group", "retries", "retry_delay",
        "retry_exponential_backoff", "max_retry_delay", "execution_timeout", "trigger_rule", "pool", "pool_slots",
        "priority_weight", "weight_rule", "depends_on_past", "wait_for_downstream", "max_active_tis_per_dag",
        "max_active_tis_per_dagrun", "retry_on", "no_retry_on", "queue", "owner", "doc_md", "map_index_template",
        "inlets", "outlets", "params", "setup", "teardown", "on_failure_fail_dagrun",
        "on_success_callback", "on_failure_callback", "on_retry_callback", "on_execute_callback", "on_skipped_callback",
    ]

    /// Airflow's other arguments of an operator: kept and shown.
    ///
    /// The text says what is lost, nil when nothing is.
    package static let inertTask: [String: String?] = [
        "doc": nil, "doc_json": nil, "doc_yaml": nil, "doc_rst": nil, "task_display_name": nil, "logger_name": nil,
        "allow_nested_operators": nil, "executor_config": nil, "resources": nil, "email_on_retry": nil,
        "email_on_failure": nil, "executor": "tasks run where `queue` says",
        "email": "mail is sent by callbacks, with the notifier `email`",
        "run_as_user": "tasks run as the scheduler's user",
        "do_xcom_push": "the output is always kept", "multiple_outputs": "the output is kept as one value",
        "start_date": "a task starts with its DAG", "end_date": "a task ends with its DAG",
        "ignore_first_depends_on_past": "the first run never waits for a past one",
        "wait_for_past_depends_before_skipping": "a task may be skipped before the past one ended",
        "render_template_as_native_obj": "templates always give texts",
        "retry_policy": "retries follow `retries`, `retry_on` and `no_retry_on`",
        "pre_execute": "there are no hooks", "post_execute": "there are no hooks",
        "sla": "Airflow 3 has no SLAs either",
    ]

    /// Attributes that may also stand among an operator's arguments.
    package static let passesThroughWith = task.union(inertTask.keys)
        .subtracting(["id", "uses", "run", "with", "needs", "extends", "expand", "group"])

    /// Keys of other versions and other tools, with what they are called here.
    static let renamedDAG = [
        "schedule_interval": "schedule", "timetable": "schedule", "concurrency": "max_active_tasks",
        "fail_stop": "fail_fast", "task": "tasks", "jobs": "tasks", "name": "dag_id", "id": "dag_id", "tz": "timezone",
        "dag_run_timeout": "dagrun_timeout", "paused": "is_paused_upon_creation", "cron": "schedule",
        "default_task_args": "default_args", "schema": "$schema", "max_active_tasks_per_dag": "max_active_tasks",
    ]

    static let renamedTask = [
        "is_setup": "setup", "is_teardown": "teardown", "setups": "teardown",
        "task_id": "id", "name": "id", "depends_on": "needs", "dependencies": "needs", "upstream": "needs",
        "operator": "uses",
        "type": "uses", "args": "with", "arguments": "with", "params_with": "with", "timeout": "execution_timeout",
        "retry": "retries", "task_concurrency": "max_active_tis_per_dag", "task_group": "group", "depends": "needs",
        "extend": "extends", "template": "extends", "templates": "extends", "priority": "priority_weight",
    ]

    /// What may have been meant by a key that no task has.
    ///
    /// - Parameter signature: the operator whose arguments it may be.
    static func hint(forUnknown key: String, orArgumentOf signature: OperatorSignature? = nil) -> String {
        if let name = renamedTask[key] { return "it is called '\(name)' here" }
        let known = task.sorted() + inertTask.keys.sorted()
        return nearestHint(key, among: known + (signature?.parameters.map(\.name) ?? []))
            ?? "an operator's arguments go under 'with'"
    }

    package static let dagCallbacks: [String: CallbackEvent] = events([.success, .failure])
    package static let taskCallbacks: [String: CallbackEvent] = events([.success, .failure, .retry, .execute, .skipped])

    private static func events(_ events: [CallbackEvent]) -> [String: CallbackEvent] {
        Dictionary(uniqueKeysWithValues: events.compactMap { event in event.key.map { ($0, event) } })
    }
}
