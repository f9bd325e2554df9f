package import CivilTime
import PostgresClient

/// A model of the registry, without its boosters.
package struct RegisteredModel: Sendable, Hashable {
    package let id: Int64
    /// For people, unique.
    package let name: String
    package let createdAt: Timestamp
    /// When it was last promoted; nil for one that never was.
    package let promotedAt: Timestamp?
    package let isInUse: Bool
    /// SHA-256 of the artefact's text, in hexadecimal digits.
    package let sha256: String
    package let card: ModelCard

    package init(
        id: Int64, name: String, createdAt: Timestamp, promotedAt: Timestamp?, isInUse: Bool, sha256: String,
        card: ModelCard
    ) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.promotedAt = promotedAt
        self.isInUse = isInUse
        self.sha256 = sha256
        self.card = card
    }

    init(_ row: PostgresRow) throws {
        id = try row.decode("id")
        name = try row.decode("name")
        createdAt = try row.decode("created_at")
        promotedAt = try row.decode("promoted_at")
        isInUse = try row.decode("is_in_use")
        sha256 = try row.decode("sha256")
        card = try ModelArtefactText.card(try row.decode("card"), of: name)
    }
}

/// A change of the model in use.
package struct ModelPromotion: Sendable, Hashable {
    package let id: Int64
    /// Nil when the naive forecast was put into use.
    package let model: Int64?
    package let modelName: String?
    package let replaced: Int64?
    package let replacedName: String?
    package let promotedAt: Timestamp
    package let actor: String
    package let reason: String
    /// Whether it undid an earlier change.
    package let isRollback: Bool

    package init(
        id: Int64, model: Int64?, modelName: String?, replaced: Int64?, replacedName: String?, promotedAt: Timestamp,
        actor: String, reason: String, isRollback: Bool
    ) {
        self.id = id
        self.model = model
        self.modelName = modelName
        self.replaced = replaced
        self.replacedName = replacedName
        self.promotedAt = promotedAt
        self.actor = actor
        self.reason = reason
        self.isRollback = isRollback
    }

    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode("id")
        model = try row.decode("model_id")
        modelName = try row.decode("model_name")
        replaced = try row.decode("replaced")
        replacedName = try row.decode("replaced_name")
        promotedAt = try row.decode("promoted_at")
        actor = try row.decode("actor")
        reason = try row.decode("reason")
        isRollback = try row.decode("is_rollback")
    }
}

/// What the registry refuses, as a sentence with advice.
package struct ModelRegistryError: Error, CustomStringConvertible, Sendable {
    package let description: String

    package init(_ description: String) { self.description = description }
}
