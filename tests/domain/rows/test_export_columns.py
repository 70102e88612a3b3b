"""The columns of both files, and their order, are the contract's."""

from proca_web.domain.rows.export_columns import DECRYPTED, ENCRYPTED, ExportRow
from proca_web.domain.rows.plaintext import ADDRESS_NAMES, PROCA_NAMES


def test_the_columns_of_the_encrypted_export_are_the_contracts() -> None:
    assert ",".join(ENCRYPTED) == (
        "seq,action_id,action_ref,action_type,created_at,campaign,action_page,testing,repeat,contact_ref,opt_in,"
        "given_at,email_status,consent,payload,nonce,public_key,sign_key,sign_key_cert,sign_key_not_before,"
        "sign_key_not_after,sealed_by,area,utm_source,utm_medium,utm_campaign,utm_content,custom_fields,receipt"
    )


def test_the_columns_of_an_opened_export_are_the_contracts() -> None:
    assert ",".join(DECRYPTED) == (
        "action_id,action_type,created_at,campaign,action_page,contact_ref,opt_in,email_status,first_name,last_name,"
        "email,phone,country,postcode,street,street_number,locality,region,birth_date,comment,utm_source,utm_medium,"
        "utm_campaign,utm_content"
    )


def test_an_opened_row_holds_every_field_of_a_contact_and_of_the_export_only_what_it_names() -> None:
    assert set(DECRYPTED) - set(ENCRYPTED) == {*PROCA_NAMES, *ADDRESS_NAMES}


def test_an_erasure_is_told_by_its_action_type() -> None:
    empty = ExportRow(*[""] * len(ENCRYPTED))
    assert empty._replace(action_type="erased").is_erasure
    assert not empty._replace(action_type="register").is_erasure
