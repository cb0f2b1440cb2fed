"""Verdicts as schema.org ClaimReview, for search engines and fact-check indexes."""

from __future__ import annotations

from typing import Any

from needlepoint.claims.result import Check, Judged

__all__ = ["claim_review"]

# verdict -> (rating from 1, worst, to 5, best; its name); None where no rating would be honest
_RATINGS: dict[str, tuple[int, str] | None] = {
    "supported": (5, "Supported"),
    "supported_in_part": (4, "Supported in part"),
    "overstated": (3, "Overstated"),
    "outdated": (2, "Outdated"),
    "no_good_evidence": (2, "No good evidence"),
    "contradicted": (1, "Contradicted"),
    "not_in_evidence_base": None,
    "not_checkable": None,
}


def claim_review(check: Check) -> dict[str, Any]:
    """A JSON-LD graph with one ClaimReview for each claim that has a rating (https://schema.org/ClaimReview)."""
    return {
        "@context": "https://schema.org",
        "@graph": [_review(j, check) for j in check.claims if _RATINGS[j.verdict] is not None],
    }


def _review(j: Judged, check: Check) -> dict[str, Any]:
    rating = _RATINGS[j.verdict]
    value, name = rating if rating is not None else (0, "")
    page: dict[str, Any] = {"@type": "CreativeWork", "name": check.title}
    if check.address.startswith(("http://", "https://")):
        page["url"] = check.address
    return {
        "@type": "ClaimReview",
        "@id": f"#{j.claim.id}",
        "claimReviewed": j.claim.quote,
        "author": {"@type": "Organization", "name": "needlepoint"},
        "reviewBody": j.why,
        "itemReviewed": {"@type": "Claim", "appearance": page},
        "reviewRating": {
            "@type": "Rating",
            "ratingValue": value,
            "bestRating": 5,
            "worstRating": 1,
            "alternateName": name,
        },
        "citation": [s.url for s in j.support if s.url],
    }
