"""Where mail comes from, the templates, and each mail to a buyer."""

from django.db import models
from django.db.models.functions import Now

from hub.tenancy import TenantForeignKey, TenantModel
from orders.models import Order, Shop


class MailAccount(TenantModel):
    """An SMTP account a shop writes from. Malls demand their own server and a registered sender address."""

    name = models.TextField()
    shop = TenantForeignKey(Shop, null=True)
    host = models.TextField()
    port = models.IntegerField(default=587)
    security = models.TextField(default="starttls")
    user = models.TextField(default="")
    password = models.BinaryField(default=b"")
    sender = models.EmailField()
    sender_name = models.TextField(default="")
    created_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "name"], name="mailer_mailaccount_name")]


class MailTemplate(TenantModel):
    """Subject and text with named placeholders. `occasion` says when it goes by itself: thanks, shipped, or by hand."""

    name = models.TextField()
    shop = TenantForeignKey(Shop, null=True)
    occasion = models.TextField(default="")
    subject = models.TextField()
    body = models.TextField()
    enabled = models.BooleanField(default=True)
    again_if_unsure = models.BooleanField(default=False)
    stopped_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "name"], name="mailer_mailtemplate_name")]


class Message(TenantModel):
    """One mail: its content frozen when it was decided. Its state is its effect's.

    `occurred_at` is when the occasion came about, `released_at` when a person let it go after the flood gate held it.
    """

    order = TenantForeignKey(Order)
    shop = TenantForeignKey(Shop)
    template = TenantForeignKey(MailTemplate)
    account = TenantForeignKey(MailAccount)
    occasion = models.TextField()
    recipient = models.TextField()
    sender = models.TextField()
    subject = models.TextField()
    body = models.TextField()
    message_id = models.TextField()
    effect_id = models.BigIntegerField()
    by_hand = models.BooleanField(default=False)
    occurred_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "message_id"], name="mailer_message_message_id"),
            models.UniqueConstraint(fields=["tenant_id", "effect_id"], name="mailer_message_effect"),
            models.UniqueConstraint(fields=["tenant_id", "order", "template", "occasion"], name="mailer_message_once"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "template", "shop", "queued_at"], name="mailer_message_template"),
            models.Index(fields=["tenant_id", "account", "-sent_at"], name="mailer_message_sent"),
        ]
