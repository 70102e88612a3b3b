"""The words for running a campaign: pictures, mails, partners, what a launch needs, and what an org's record holds."""

from enum import StrEnum


class PictureKind(StrEnum):
    """What a picture is for: the large one of a page, or the mark of an org."""

    HERO = "hero"
    LOGO = "logo"


class PageMail(StrEnum):
    """A mail to supporters that a page may have words of its own for."""

    CONFIRM = "confirm"
    THANK_YOU = "thank-you"


class LaunchTick(StrEnum):
    """What somebody has done so that a page can go live, and stands until what it was about changes."""

    MAILS_SEEN = "mails-seen"
    TEST_OPENED = "test-opened"
    APPROVED = "approved"


class PartnerState(StrEnum):
    """Where an org stands in a campaign that another one leads."""

    INVITED = "invited"
    JOINED = "joined"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Terms(StrEnum):
    """Who gets a copy of what people sign on a partner's page, always; the other one gets it by the person's yes."""

    PARTNER = "partner"
    BOTH = "both"
    LEAD = "lead"


class NewsKind(StrEnum):
    """What an org tells on its page: something on the way, or how it ended."""

    UPDATE = "update"
    OUTCOME = "outcome"


class CommentState(StrEnum):
    """Whether a public comment may be read by everybody."""

    WAITING = "waiting"
    SHOWN = "shown"
    HIDDEN = "hidden"


class MailTest(StrEnum):
    """What became of the test mail through an org's own mail server."""

    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"


class Span(StrEnum):
    """How long a number was counted for."""

    HOUR = "hour"
    DAY = "day"


class Dimension(StrEnum):
    """By what a number is told apart; `ALL` is the number itself."""

    ALL = ""
    SOURCE = "source"
    AREA = "area"


class CampaignEvent(StrEnum):
    """What is done about campaigns and what an org says about itself, by the word an org's record holds."""

    CAMPAIGN_MADE = "campaign-add"
    CAMPAIGN_EDITED = "campaign-edit"
    CAMPAIGN_COPIED = "campaign-copy"
    CAMPAIGN_PAUSED = "campaign-pause"
    CAMPAIGN_REOPENED = "campaign-reopen"
    CAMPAIGN_CLOSED = "campaign-close"
    CAMPAIGN_DELETED = "campaign-delete"
    PAGE_MADE = "page-add"
    PAGE_EDITED = "page-edit"
    PAGE_COPIED = "page-copy"
    PAGE_LIVE = "page-live"
    PAGE_PAUSED = "page-pause"
    PAGE_REOPENED = "page-reopen"
    PAGE_CLOSED = "page-close"
    PAGE_DELETED = "page-delete"
    ADDRESS_CHANGED = "page-address"
    WORDING_CHANGED = "page-wording"
    DRAFT_LINK = "page-draft-link"
    MAIL_EDITED = "mail-edit"
    MAIL_TESTED = "mail-test"
    TICKED = "launch-tick"
    ELSEWHERE_ADDED = "elsewhere-add"
    ELSEWHERE_REMOVED = "elsewhere-remove"
    PARTNER_INVITED = "partner-invite"
    PARTNER_JOINED = "partner-join"
    PARTNER_DECLINED = "partner-decline"
    PARTNER_WITHDRAWN = "partner-withdraw"
    PARTNER_APPROVED = "partner-approve"
    PARTNER_ENDED = "partner-end"
    TERMS_CHANGED = "partner-terms"
    NEWS_ADDED = "news-add"
    NEWS_EDITED = "news-edit"
    NEWS_REMOVED = "news-remove"
    COMMENT_SHOWN = "comment-show"
    COMMENT_HIDDEN = "comment-hide"
    SETTINGS_CHANGED = "settings-edit"
    PICTURE_CHANGED = "settings-picture"
    SERVER_TESTED = "settings-server-test"
    SERVER_USED = "settings-server-use"
    SERVER_REMOVED = "settings-server-remove"
    BANNER_CHANGED = "settings-banner"

    @property
    def told(self) -> str:
        """Its name among mails to staff."""
        return str(self)
