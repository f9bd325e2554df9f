/// The notifiers of this product, as documents name them.
///
/// Their signatures stand here, apart from what calls them: a document is checked without the means to reach anybody.
extension OperatorSignature {
    package static let slackNotifier = OperatorSignature(
        name: "slack",
        aliases: notifierAliases("SlackWebhookNotifier", "airflow.providers.slack.notifications.slack_webhook")
            + notifierAliases(
                "send_slack_webhook_notification", "airflow.providers.slack.notifications.slack_webhook"),
        summary: "Writes into a Slack channel through an incoming webhook.",
        parameters: [
            .init("text", .string, "the message; a sentence on what happened by default"),
            .init(
                "slack_webhook_conn_id", .string,
                "the connection: the webhook's URL, or Airflow's form with the token as the password; slack_default by "
                    + "default"),
            .init("blocks", .list, "Slack's blocks"),
            .init("attachments", .list, "Slack's older attachments"),
            .init("unfurl_links", .boolean, "whether Slack shows what links lead to"),
            .init("unfurl_media", .boolean, "whether Slack shows media that links lead to"),
            .init("timeout", .duration, "the longest time for the request; 30s by default"),
        ])

    package static let webhookNotifier = OperatorSignature(
        name: "webhook",
        aliases: ["cryptoflow.notifiers.Webhook"]
            + notifierAliases("HttpNotifier", "airflow.providers.http.notifications"),
        summary: "Sends an HTTP request; without data, a JSON object on what happened.",
        parameters: [
            .init("url", .string, "a whole URL; then no connection is needed"),
            .init("http_conn_id", .string, "the connection with the address; http_default by default"),
            .init("endpoint", .string, "the path behind the connection's address, or a whole URL"),
            .init("method", .string, choices: ["POST", "PUT", "PATCH"], "POST by default"),
            .init("data", .any, "the body: a text as it is, a mapping or a list as JSON"),
            .init("headers", .object, "header fields"),
            .init("timeout", .duration, "the longest time for the request; 30s by default"),
        ], alternatives: [.init(["url", "endpoint"], exclusive: true)])

    package static let emailNotifier = OperatorSignature(
        name: "email",
        aliases: notifierAliases("SmtpNotifier", "airflow.providers.smtp.notifications.smtp")
            + notifierAliases("send_smtp_notification", "airflow.providers.smtp.notifications.smtp"),
        summary: "Sends an e-mail by SMTP.",
        parameters: [
            .init("to", .stringOrList, required: true, "one address, several with commas, or a list"),
            .init("from_email", .string, "the sender; by default the connection's from_email, then its login"),
            .init("subject", .string, "what happened by default"),
            .init("text_content", .string, "the plain text; what happened by default, without html_content"),
            .init("html_content", .string, "the same as HTML"),
            .init("cc", .stringOrList, "who gets a copy"),
            .init("bcc", .stringOrList, "who gets a copy that the others do not see"),
            .init("custom_headers", .object, "further header fields"),
            .init("smtp_conn_id", .string, "the connection with the server; smtp_default by default"),
            .init("mime_charset", .string, choices: ["utf-8", "UTF-8"], "accepted for Airflow's sake"),
            .init("mime_subtype", .string, choices: ["mixed", "alternative"], "accepted for Airflow's sake"),
            .init("timeout", .duration, "the longest time for the whole exchange; 30s by default"),
        ])

    /// Every notifier, by name.
    package static let notifiers = [emailNotifier, slackNotifier, webhookNotifier]

    private static func notifierAliases(_ name: String, _ path: String) -> [String] { [name, "\(path).\(name)"] }
}
