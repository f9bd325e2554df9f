import CivilTime
import FoundationEssentials

/// The load: DAGs whose tasks write down when they begin and end, in a file that no program of ours reads.
enum ChaosDAGs {
    static let names = ["chaos_local", "chaos_remote", "chaos_mixed"]

    /// The first logical date of the DAGs, hourly: more hours than a day of chaos can run.
    static let start = Timestamp(iso8601: "1980-01-01T00:00:00Z") ?? .epoch

    /// Writes the documents; `journal` is the file that the tasks append to.
    static func write(into folder: String, journal: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in names {
            let text = document(name, journal: journal)
            try text.write(toFile: "\(folder)/\(name).yaml", atomically: true, encoding: .utf8)
        }
    }

    private static func document(_ name: String, journal: String) -> String {
        let file = "'\(journal.replacing("'", with: "'\\''"))'"
        var text = """
            $schema: https://airflow.apache.org/schemas/dag/2026-10-30.json
            dag_id: \(name)
            schedule: {uses: airflow.timetables.interval.CronDataIntervalTimetable, with: {cron: "0 * * * *", timezone: UTC}}
            start_date: 1980-01-01
            catchup: false
            is_paused_upon_creation: false
            max_active_runs: 4
            tasks:

            """
        for (number, needs) in ["", "one", "one", "two, three"].enumerated() {
            let task = ["one", "two", "three", "four"][number]
            let queue = name == "chaos_local" || (name == "chaos_mixed" && number % 2 == 0) ? "default" : "remote"
            // Appends of a line are atomic; the pid tells the process, the attempt is the last part of its mark.
            text += """
                  - id: \(task)
                    uses: bash
                    queue: \(queue)
                    needs: [\(needs)]
                    retries: 2
                    retry_delay: 1s
                    with:
                      bash_command: |
                        mark=${CRYPTOFLOW_ATTEMPT##*[!0-9]}
                        echo "begin $mark $$ $(date +%s%N)" >> \(file)
                        sleep 0.\(3 + number)
                        echo "end $mark $$ $(date +%s%N)" >> \(file)

                """
        }
        return text
    }
}
