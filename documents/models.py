"""Layouts for paper and files. The first delivery has one plain packing slip; its texts are the tenant's."""

from django.db import models

from hub.tenancy import TenantForeignKey, TenantModel
from orders.models import Shop


class DocumentTemplate(TenantModel):
    """A layout by name and the tenant's texts for it."""

    layout = models.TextField()
    shop = TenantForeignKey(Shop, null=True)
    texts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "layout", "shop"], name="documents_template_once", nulls_distinct=False)
        ]
