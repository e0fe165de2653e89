"""Product: our SKU. Listing: a mall item that points at one (商品マッピング)."""

from django.db import models
from django.db.models.functions import Now

from hub.tenancy import TenantForeignKey, TenantModel
from orders.models.shops import Shop, Warehouse


class Product(TenantModel):
    """Our own SKU. `warehouse` is who ships it by default; empty means the shop's."""

    sku = models.TextField()
    name = models.TextField()
    warehouse = TenantForeignKey(Warehouse, null=True)
    weight_grams = models.IntegerField(null=True)
    barcode = models.TextField(default="")
    temperature = models.TextField(default="normal")
    shelf = models.TextField(default="")
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "sku"], name="orders_product_sku")]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


class Listing(TenantModel):
    """An item as one shop sells it. `key` is the mall's key for stock (Rakuten: system SKU, else manage number and variant).

    `units` is how many of the product one sold piece means (a set of three: 3).
    """

    shop = TenantForeignKey(Shop)
    key = models.TextField()
    name = models.TextField(default="")
    variation = models.TextField(default="")
    product = TenantForeignKey(Product, null=True)
    units = models.IntegerField(default=1)
    first_seen_at = models.DateTimeField(db_default=Now())
    mapped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "shop", "key"], name="orders_listing_key")]
        indexes = [
            models.Index(
                fields=["tenant_id", "shop", "id"],
                name="orders_listing_unmapped",
                condition=models.Q(product__isnull=True),
            )
        ]
