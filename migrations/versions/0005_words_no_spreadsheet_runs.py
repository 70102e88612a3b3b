"""UTM words of before hold what they may hold since: nothing a spreadsheet could split or run

Data only. The words of the address a signature came with stand in the encrypted export, which people also open by a
double click. Going back changes nothing: the words are as good for the version before.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BATCH = 1000
_WORDS = ("utm_source", "utm_medium", "utm_campaign", "utm_content")
_KEPT = frozenset(" _-.~:/")
_FORMULA_SIGNS = " =+-@＝＋－＠﹦﹢﹣﹫"
_actions = sa.table("actions", sa.column("id", sa.BigInteger()), *(sa.column(name, sa.String()) for name in _WORDS))


def upgrade() -> None:
    connection = op.get_bind()
    columns = [_actions.c[name] for name in _WORDS]
    page = (
        sa.select(_actions.c.id, *columns)
        .where(_actions.c.id > sa.bindparam("last", type_=sa.BigInteger()), sa.or_(*(column != "" for column in columns)))
        .order_by(_actions.c.id)
        .limit(_BATCH)
    )
    put = (
        _actions.update()
        .where(_actions.c.id == sa.bindparam("row"))
        .values({name: sa.bindparam(f"new_{name}") for name in _WORDS})
    )
    last = 0
    while rows := connection.execute(page, {"last": last}).all():
        last = rows[-1].id
        cleaned = [(row, [_clean(word) for word in row[1:]]) for row in rows]
        changed = [
            {"row": row.id} | {f"new_{name}": word for name, word in zip(_WORDS, words, strict=True)}
            for row, words in cleaned
            if words != [*row[1:]]
        ]
        if changed:
            connection.execute(put, changed)


def downgrade() -> None:
    pass


def _clean(word: str) -> str:
    kept = word.lstrip(_FORMULA_SIGNS).strip()
    return "".join(character if _is_word(character) else "_" for character in kept)


def _is_word(character: str) -> bool:
    return character.isalnum() or character in _KEPT or unicodedata.category(character).startswith("M")
