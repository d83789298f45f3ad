"""The shapes of `contract.md` as JSON Schema, for the OpenAPI description. What is read strictly says so."""

from __future__ import annotations

from typing import Any

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
    "referrer": either({"type": "string", "description": "Whoever brought them: code, phone or card."}),
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
        "referral_code": either(TEXT),
        "referrer": either(ID),
        "created_at": TIME,
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
        "sessions": COUNT,
        "remaining": COUNT,
        "first_day": DAY,
        "last_day": either(DAY),
        "status": TEXT,
    }
)
HELD_CARD = answer({"id": ID, "last_four": TEXT, "remaining": AMOUNT, "last_day": either(DAY), "status": TEXT})
TIER = answer({"name": either(TEXT), "percent": PERCENT, "next": either(answer({**RUNG, "remaining": AMOUNT}))})
BALANCE = answer(
    {
        **dict.fromkeys(("balance", "spendable", "pending", "debt", "total_spent"), AMOUNT),
        "visits": COUNT,
        "tier": either(TIER),
        "lots": many(LOT),
        "memberships": many(ref("Membership")),
        "gift_cards": many(HELD_CARD),
    }
)
ENTRY = answer(
    {
        "id": ID,
        "kind": {"type": "string", "enum": ["grant", "spend", "return", "take_back", "expire", "adjust", "transfer"]},
        "unit": {"type": "string", "enum": ["bonus", "money", "session"]},
        "amount": AMOUNT,
        "program": either(TEXT),
        "visit": either(ID),
        "refund": either(ID),
        "at": TIME,
        "by": TEXT,
        "note": TEXT,
    }
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
SOLD_CARD = body({"gift_card_type": text(40), "amount": POSITIVE}, "gift_card_type", "amount")
SOLD_PLAN = body({"membership_plan": text(40)}, "membership_plan")
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
        "items": {"oneOf": [SOLD_SERVICE, SOLD_CARD, SOLD_PLAN]},
        "minItems": 1,
        "maxItems": 200,
    },
    "promo_codes": either({**many(TEXT), "maxItems": 20}),
    "discount": either(BY_HAND),
    "earn": either({"type": "boolean", "default": True, "description": "False: this check earns nothing."}),
    "redeem": either({"oneOf": [{"type": "string", "enum": ["max"]}, POSITIVE]}),
    "gift_cards": either(many(TEXT)),
    "memberships": either({"oneOf": [{"type": "string", "enum": ["auto"]}, many(ID)]}),
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
        "membership_plan": TEXT,
        "name": TEXT,
        "quantity": COUNT,
        "price": AMOUNT,
        **dict.fromkeys(("list", "membership", "discount", "bonus", "gift_card", "to_pay", "earned"), AMOUNT),
        "covered": COUNT,
        "refunded": COUNT,
        "gift_cards": many(REVEALED),
    },
    optional=("gift_card_type", "membership_plan", "gift_cards"),
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

COMPONENTS: dict[str, Schema] = {
    "Client": CLIENT,
    "NewClient": body(SAID),
    "ClientChange": body(SAID),
    "Balance": BALANCE,
    "Membership": MEMBERSHIP,
    "Entry": ENTRY,
    "Adjustment": ADJUSTMENT,
    "Basket": body(BASKET, "location", "lines"),
    "Check": body(
        {**BASKET, "payments": either(PAYMENTS), "quote": either(HELD)},
        "location",
        "lines",
    ),
    "Quote": answer({"token": TEXT, "location": TEXT, **CHECK}),
    "Visit": answer({"id": ID, "number": TEXT, "status": STATUS, "location": TEXT, "by": TEXT, **CHECK}),
    "Return": body(
        {"lines": either({**many(RETURNED), "minItems": 1}), "reason": text(250)},
        "reason",
    ),
    "Refund": REFUND,
    "Setup": {"type": "object", "description": "The setup document: its sections, as in YAML."},
    "Problem": PROBLEM,
}
