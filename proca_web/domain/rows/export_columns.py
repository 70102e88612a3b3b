"""The columns of the two files an org meets, in their order: the encrypted export and what its tool makes of it."""

ENCRYPTED = (
    *("seq", "action_id", "action_ref", "action_type", "created_at", "campaign", "action_page", "testing", "repeat"),
    *("contact_ref", "opt_in", "given_at", "email_status", "consent", "payload", "nonce", "public_key", "sign_key"),
    *("sign_key_cert", "sign_key_not_before", "sign_key_not_after", "sealed_by", "area"),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "custom_fields", "receipt"),
)

DECRYPTED = (
    *("action_id", "action_type", "created_at", "campaign", "action_page", "contact_ref", "opt_in", "email_status"),
    *("first_name", "last_name", "email", "phone", "country", "postcode", "street", "street_number", "locality"),
    *("region", "birth_date", "comment", "utm_source", "utm_medium", "utm_campaign", "utm_content"),
)

ERASED = "erased"
