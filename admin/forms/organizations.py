"""Organizations and their members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from admin.forms.fields import Name, OptionalName
from admin.forms.filled import Filled, Form, fresh
from engine.domain.accounts.embedding import ORIGIN_CHARS_MAX, ORIGINS_MAX
from engine.domain.accounts.organizations import (
    NewMember,
    NewOrganization,
    Organization,
    OrganizationChange,
    Payouts,
    Role,
    RoleChange,
)
from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.foundation import shapes

ROLES: tuple[tuple[Role, str], ...] = (
    ("owner", "Owner: everything"),
    ("manager", "Manager: everything but members and payouts"),
    ("finance", "Finance: reads, refunds, reports, payouts"),
    ("box_office", "Box office: reads, orders, comps, devices"),
)


class OrganizationForm(Form):
    """``slug`` left out is made from the name."""

    LABELS: ClassVar[Mapping[str, str]] = {"slug": "Short name"}

    name: Name
    slug: str | None = Field(None, max_length=100)
    legal_name: OptionalName = None

    def given(self) -> NewOrganization:
        return shapes.build(self.model_dump(), NewOrganization)


class OrganizationChangeForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {"slug": "Short name", "accent": "Colour", "payouts": "Ticket money goes to"}

    version: str
    name: Name
    slug: str = Field(min_length=1, max_length=100)
    legal_name: OptionalName = None
    accent: str | None = None
    payouts: Payouts = "platform"
    require_second_factor: bool = False

    def given(self) -> OrganizationChange:
        return shapes.build(self.model_dump(exclude={"version"}), OrganizationChange)


class EmbeddingForm(Form):
    """The sites, one a line."""

    LABELS: ClassVar[Mapping[str, str]] = {"embed_origins": "Sites"}

    version: str
    embed_origins: str = Field("", max_length=ORIGINS_MAX * (ORIGIN_CHARS_MAX + 2))

    def given(self) -> OrganizationChange:
        lines = [line.strip() for line in self.embed_origins.splitlines()]
        return shapes.build({"embed_origins": [line for line in lines if line]}, OrganizationChange)


class MemberForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {"email": "E-mail address"}

    email: str = Field(min_length=1, max_length=EMAIL_CHARS_MAX)
    role: Literal["owner", "manager", "finance", "box_office"]

    def given(self) -> NewMember:
        return shapes.build(self.model_dump(), NewMember)


class RoleForm(Form):
    role: Literal["owner", "manager", "finance", "box_office"]

    def given(self) -> RoleChange:
        return RoleChange(role=self.role)


def of(organization: Organization) -> Filled[OrganizationChangeForm]:
    """The form as an organization would fill it in."""
    return fresh(
        OrganizationChangeForm,
        version=organization.version,
        name=organization.name,
        slug=organization.slug,
        legal_name=organization.legal_name,
        accent=organization.accent,
        payouts=organization.payouts,
        require_second_factor="true" if organization.require_second_factor else None,
    )


def embedding_of(organization: Organization) -> Filled[EmbeddingForm]:
    """The sites as they are named now."""
    return fresh(EmbeddingForm, version=organization.version, embed_origins="\n".join(organization.embed_origins))
