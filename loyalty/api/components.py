"""The shapes of `contract.md` as JSON Schema, for the OpenAPI description. What is read strictly says so."""

from __future__ import annotations

from typing import Any

from loyalty.actions import LONGEST_KEY

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def either(schema: Schema) -> Schema:
    """Or null."""
    return {"oneOf": [schema, {"type": "null"}]}


def many(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def answer(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    """An object that we send: every property is there, but the optional ones."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def body(properties: Schema, *required: str) -> Schema:
    """An object that we read: another property is refused."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


AMOUNT: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["12.50"]}
POSITIVE: Schema = {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]+)?$", "examples": ["12.50"]}
PERCENT: Schema = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$", "examples": ["7.5"]}
ID: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,17}$", "examples": ["17"]}
DAY: Schema = {"type": "string", "format": "date"}
TIME: Schema = {"type": "string", "format": "date-time"}
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
QUANTITY: Schema = {"type": "integer", "minimum": 1, "maximum": 9999, "default": 1}


def text(limit: int) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": limit}


METHOD: Schema = {"type": "string", "enum": ["cash", "card", "transfer"]}
HELD: Schema = {**TEXT, "description": "The token of a quote: for 15 minutes what it showed is what settles."}
PAYMENTS = many(body({"method": METHOD, "amount": POSITIVE}, "method", "amount"))
LANGUAGE: Schema = {"type": "string", "enum": ["en", "ru"]}
CONSENT: Schema = {"type": "string", "enum": ["terms", "email", "sms"]}
TAG = {**text(40), "pattern": "^[^,]*$"}
DATE = body({"name": text(40), "day": DAY}, "name", "day")
CHANNEL: Schema = {"type": "string", "enum": ["email", "sms"]}
TOPIC: Schema = {"type": "string", "enum": ["offers", "bonuses", "reminders"]}
SILENCE: Schema = {"channel": CHANNEL, "topic": TOPIC}

SAID: Schema = {
    "first_name": {"type": "string", "maxLength": 80},
    "last_name": either({"type": "string", "maxLength": 80}),
    "phone": either(TEXT),
    "email": either({"type": "string", "format": "email", "maxLength": 254}),
    "birthday": either(DAY),
    "language": either(LANGUAGE),
    "card": either(TEXT),
    "consents": either(many(CONSENT)),
    "tags": either({**many(TAG), "maxItems": 20, "description": "All that the client has, not those to add."}),
    "dates": either({**many(DATE), "maxItems": 10, "description": "All that the client has, not those to add."}),
    "silences": either(
        {
            **many(body(SILENCE, "channel", "topic")),
            "description": "What the client does not want to hear of: all of it, not what to add.",
        }
    ),
    "referrer": either({**TEXT, "description": "Whoever brought them: code, link, phone or card; or a partner's."}),
}
CLIENT = answer(
    {
        "id": ID,
        "first_name": TEXT,
        "last_name": TEXT,
        "phone": either(TEXT),
        "email": either(TEXT),
        "birthday": either(DAY),
        "language": LANGUAGE,
        "card": either(TEXT),
        "consents": many(CONSENT),
        "tags": many(TEXT),
        "dates": many(answer({"name": TEXT, "day": DAY})),
        "silences": many(answer(SILENCE)),
        "referral_code": either(TEXT),
        "referrer": either(ID),
        "partner": either(TEXT),
        "created_at": TIME,
    }
)
SEGMENT = answer(
    {
        "code": TEXT,
        "name": TEXT,
        "enabled": {"type": "boolean"},
        "static": {"type": "boolean", "description": "A list: whoever was put on it belongs, and nobody else."},
        "rule": either({"type": "object", "description": "As in the setup document; null for a list."}),
    }
)
RUNG: Schema = {"name": TEXT, "percent": PERCENT}
LOT = answer(
    {
        "id": ID,
        "program": either(TEXT),
        "remaining": AMOUNT,
        "first_day": DAY,
        "last_day": either(DAY),
        "limit_percent": PERCENT,
        "min_check": AMOUNT,
    }
)
MEMBERSHIP = answer(
    {
        "id": ID,
        "plan": TEXT,
        "name": TEXT,
        "sessions": {**either(COUNT), "description": "Bought; null: any number."},
        "remaining": {**either(COUNT), "description": "What can be used; null: any number."},
        "counts": many(answer({"service": TEXT, "remaining": COUNT, "sessions": COUNT})),
        "first_day": DAY,
        "last_day": either(DAY),
        "status": {
            "type": "string",
            "enum": ["active", "frozen", "pending", "suspended", "used_up", "ended", "void"],
        },
        "waits": {"type": "boolean", "description": "It begins at the first visit."},
        "frozen_until": either(DAY),
        "people": {**many(ID), "description": "Who may use it besides the client."},
    }
)
HELD_CARD = answer({"id": ID, "last_four": TEXT, "remaining": AMOUNT, "last_day": either(DAY), "status": TEXT})
FREE_SERVICE = answer({"program": TEXT, "name": TEXT, "left": COUNT, "last_day": either(DAY)})
STAMPS = answer(
    {"program": TEXT, "name": TEXT, "collected": COUNT, "owed": COUNT, "needed": COUNT, "last_day": either(DAY)}
)
FALLS = {
    **answer({"on": DAY, "to": either(TEXT), "keeps_by": DAY, "missing": AMOUNT}),
    "description": "If nothing is spent: from this day on the lower tier (null: none). So much more keeps it.",
}
TIER = answer(
    {
        "name": either(TEXT),
        "percent": PERCENT,
        "next": either(answer({**RUNG, "remaining": AMOUNT})),
        "privileges": many(TEXT),
        "priority_booking": {"type": "boolean"},
        "early_access": {"type": "boolean"},
        "falls": either(FALLS),
        "by_hand": {"type": "boolean", "description": "It is at least what staff have set it to."},
        "by_hand_until": either(DAY),
    }
)
PERIOD = answer({"number": COUNT, "first_day": DAY, "last_day": DAY, "price": AMOUNT})
YES = {"type": "boolean"}
SUBSCRIPTION = answer(
    {
        **dict.fromkeys(("id", "plan", "name"), TEXT),
        **dict.fromkeys(("renews", "is_suspended", "is_due"), YES),
        "paid_until": DAY,
        "next": {**either(PERIOD), "description": "The period that can be paid now."},
    }
)
PRIVILEGES = answer(
    {
        **dict.fromkeys(("membership", "plan", "name"), TEXT),
        **dict.fromkeys(("discount_percent", "cashback_percent"), either(PERCENT)),
        **dict.fromkeys(("priority_booking", "early_access"), YES),
        "privileges": many(TEXT),
    }
)
BALANCE = answer(
    {
        **dict.fromkeys(("balance", "spendable", "pending", "debt", "total_spent"), AMOUNT),
        "visits": COUNT,
        "tier": either(TIER),
        "lots": many(LOT),
        "memberships": many(ref("Membership")),
        "gift_cards": many(HELD_CARD),
        "free_services": many(FREE_SERVICE),
        "stamps": many(STAMPS),
        "subscriptions": many(SUBSCRIPTION),
        "privileges": many(PRIVILEGES),
    },
    optional=("subscriptions", "privileges"),
)
LETTER = answer(
    {
        "id": ID,
        "letter": either({**TEXT, "description": "The code of its template."}),
        "occasion": TEXT,
        "channel": CHANNEL,
        "topic": TOPIC,
        "state": {"type": "string", "enum": ["waiting", "sent", "refused", "failed"]},
        "reason": {**TEXT, "description": "A word, or what the channel said; empty for none."},
        "reason_text": TEXT,
        "subject": TEXT,
        "text": {**TEXT, "description": "What was sent; empty until then."},
        "written_at": TIME,
        "due_at": TIME,
        "sent_at": either(TIME),
        "tries": COUNT,
    }
)
ENTRY = answer(
    {
        "id": ID,
        "kind": {"type": "string", "enum": ["grant", "spend", "return", "take_back", "expire", "adjust", "transfer"]},
        "unit": {"type": "string", "enum": ["bonus", "money", "session", "stamp"]},
        "amount": {**either(AMOUNT), "description": "Null: any number of sessions."},
        "program": either(TEXT),
        "visit": either(ID),
        "refund": either(ID),
        "at": TIME,
        "by": TEXT,
        "note": TEXT,
    }
)
COUNTED = answer(
    {
        **ENTRY["properties"],
        "name": TEXT,
        "first_day": DAY,
        "last_day": either(DAY),
        "limit_percent": PERCENT,
        "min_check": AMOUNT,
    }
)
ACTION = body(
    {
        "code": text(40),
        "key": {**text(LONGEST_KEY), "description": "Of this action of the client; the same key counts once."},
        "note": either({"type": "string", "maxLength": 250}),
    },
    "code",
    "key",
)
ADJUSTMENT = body(
    {
        "amount": AMOUNT,
        "reason": text(250),
        "lifetime": either(
            {
                "oneOf": [
                    body({"days": {"type": "integer", "minimum": 1, "maximum": 30000}}, "days"),
                    body({"months": {"type": "integer", "minimum": 1, "maximum": 900}}, "months"),
                ]
            }
        ),
    },
    "amount",
    "reason",
)
SOLD_SERVICE = body(
    {"service": text(40), "quantity": QUANTITY, "price": either(POSITIVE), "price_reason": either(text(250))}, "service"
)
RECIPIENT = {
    **body(
        {
            "name": text(120),
            "email": {**TEXT, "format": "email"},
            "message": text(500),
            "on": either(DAY),
            "language": TEXT,
            "from": text(120),
        },
        "email",
    ),
    "description": "Whom it is sent to by e-mail: `on` a day, or now",
}
SOLD_CARD = body(
    {
        "gift_card_type": text(40),
        "amount": POSITIVE,
        "gift_card": {**either(text(100)), "description": "The code of a printed card of a batch."},
        "recipient": either(RECIPIENT),
    },
    "gift_card_type",
    "amount",
)
TOP_UP = body({"gift_card_top_up": text(100), "amount": POSITIVE}, "gift_card_top_up", "amount")
SOLD_PLAN = body({"membership_plan": text(40), "first_day": either(DAY), "upgrade": either(ID)}, "membership_plan")
RENEWED = body({"membership_renewal": ID}, "membership_renewal")
BY_HAND = {
    **body(
        {"percent": either(PERCENT), "amount": either(POSITIVE), "reason": text(250), "lines": either(many(COUNT))},
        "reason",
    ),
    "description": "A discount by hand, a percent or an amount, on what the programs have left.",
}
BASKET: Schema = {
    "client": either(ID),
    "location": text(40),
    "lines": {
        "type": "array",
        "items": {"oneOf": [SOLD_SERVICE, SOLD_CARD, TOP_UP, SOLD_PLAN, RENEWED]},
        "minItems": 1,
        "maxItems": 200,
    },
    "promo_codes": either({**many(TEXT), "maxItems": 20}),
    "discount": either(BY_HAND),
    "earn": either({"type": "boolean", "default": True, "description": "False: this check earns nothing."}),
    "redeem": either({"oneOf": [{"type": "string", "enum": ["max"]}, POSITIVE]}),
    "gift_cards": either(many(TEXT)),
    "memberships": either({"oneOf": [{"type": "string", "enum": ["auto"]}, many(ID)]}),
    "free_services": either(
        {
            "oneOf": [{"type": "string", "enum": ["auto"]}, {"type": "array", "maxItems": 0}],
            "description": "[]: what is free is kept for another time.",
        }
    ),
    "at": either(TIME),
}
TOTALS = (
    *("list_total", "membership_total", "discount_total", "check_total", "bonus_spendable", "bonus_total"),
    *("gift_card_total", "to_pay", "earned_total"),
)
REVEALED = answer({"id": ID, "code": TEXT, "amount": AMOUNT, "last_day": either(DAY)})
LINE = answer(
    {
        "line": COUNT,
        "service": either(TEXT),
        "gift_card_type": TEXT,
        "gift_card_top_up": {**TEXT, "description": "The type of the card that money was put on."},
        "membership_plan": TEXT,
        "membership_renewal": {**TEXT, "description": "The plan of the membership."},
        "name": TEXT,
        "quantity": COUNT,
        "price": AMOUNT,
        **dict.fromkeys(("list", "membership", "discount", "bonus", "gift_card", "to_pay", "earned"), AMOUNT),
        "covered": COUNT,
        "free": {**AMOUNT, "description": "The part of `membership` that free services cover."},
        "refunded": COUNT,
        "gift_cards": many(REVEALED),
    },
    optional=("gift_card_type", "gift_card_top_up", "membership_plan", "membership_renewal", "gift_cards"),
)
TRACE = many(
    answer({"stage": TEXT, "rule": TEXT, "code": TEXT, "text": TEXT, "amount": AMOUNT, "facts": {"type": "object"}})
)
CHECK: Schema = {
    "currency": TEXT,
    "client": either(ID),
    "at": TIME,
    **dict.fromkeys(TOTALS, AMOUNT),
    "earned": many(answer({"program": TEXT, "percent": either(PERCENT), "amount": AMOUNT})),
    "referrer_earned": either(answer({"client": ID, "amount": AMOUNT})),
    "lines": many(LINE),
    "sessions_used": COUNT,
    "tier": either(answer(RUNG)),
    "trace": TRACE,
    "payments": many(answer({"method": METHOD, "amount": AMOUNT})),
}
PRESENTED: Schema = {"gift_cards": {**many(REVEALED), "description": "That came as gifts; told in this answer only."}}
STATUS: Schema = {"type": "string", "enum": ["settled", "partly_refunded", "refunded"]}
REFUND = answer(
    {
        "id": ID,
        "visit": ID,
        "at": TIME,
        "money": many(answer({"method": METHOD, "amount": AMOUNT})),
        **dict.fromkeys(("bonus_returned", "bonus_taken_back", "gift_card_returned"), AMOUNT),
        "sessions_returned": COUNT,
        "debt": AMOUNT,
        "trace": TRACE,
    }
)
RETURNED = body({"line": {"type": "integer", "minimum": 1, "maximum": 9999}, "quantity": either(QUANTITY)}, "line")
PROBLEM = answer(
    {
        "type": TEXT,
        "title": TEXT,
        "status": COUNT,
        "detail": TEXT,
        "code": {"type": "string", "description": "What a program goes by."},
        "errors": {"type": "object", "additionalProperties": many(TEXT), "description": "Place in the input → why."},
    },
    optional=("errors",),
)
PROBLEM["description"] = "Besides, by code: `max`, `to_pay`, `reason`, `quote`."
