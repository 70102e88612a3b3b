"""What belongs to the instance as a whole: signs of life of its processes."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from proca_web.models.base import Base


class Heartbeat(Base):
    """When a kind of process was last seen alive."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]
