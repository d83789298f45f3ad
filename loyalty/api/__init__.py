"""The HTTP API under `/api/v1/`: a thin face over the same functions that the desk calls (`contract.md`).

A call reads its body strictly (`reading`), runs once however often it is sent (`idempotency`), and answers in the
shapes of the contract (`shapes`) or with a problem (`problems`). Who may call what stands on each view (`keys`).
"""
