"""Everything that can be plugged in, by name and dotted path. One screen tells what exists; nothing is found by magic."""

from dataclasses import dataclass
from pathlib import PurePath

from django.utils.translation import gettext_noop as _


@dataclass(frozen=True, kw_only=True)
class Plug:
    """A mall or a warehouse: where its adapter is, and the address it speaks to unless <NAME>_BASE_URL says otherwise."""

    label: str
    adapter: str
    base_url: str

    @property
    def folder(self) -> PurePath:
        """Where its files are, from the root of the tree: adapter, form, and its own texts in `locale/`."""
        return PurePath(*self.adapter.split(".")[:-2])


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A pipeline stage: a module with `work(tenant_id, unit_id)`, and the SQL function that says what is due anywhere."""

    module: str
    due: str
    every_ticks: int = 1


CHANNELS: dict[str, Plug] = {
    "rakuten": Plug(
        label=_("楽天市場"), adapter="channels_rakuten.adapter.Rakuten", base_url="https://api.rms.rakuten.co.jp"
    ),
}

WAREHOUSES: dict[str, Plug] = {
    "rsl": Plug(
        label=_("楽天スーパーロジスティクス"), adapter="warehouses.rsl.adapter.Rsl", base_url="https://rsl.invalid"
    ),
    "own": Plug(label=_("自社倉庫"), adapter="warehouses.own.adapter.OwnWarehouse", base_url=""),
    "other": Plug(label=_("他システムで出荷"), adapter="warehouses.other.adapter.OtherSystem", base_url=""),
}

# kind of effect -> its handler
EFFECTS: dict[str, str] = {
    "mall.confirm": "orders.outgoing.confirm.Confirm",
    "mall.report": "orders.outgoing.report.ReportShipment",
    "mall.cancel": "orders.outgoing.cancel.Cancel",
    "warehouse.send": "warehouses.outgoing.SendRequest",
    "warehouse.withdraw": "warehouses.outgoing.WithdrawRequest",
    "mail.send": "mailer.outgoing.SendMail",
}

STAGES: dict[str, Stage] = {
    "poll": Stage(module="orders.polling", due="due_poll"),
    "reread": Stage(module="orders.rereading", due="due_reread"),
    "judge": Stage(module="automation.engine", due="due_judge"),
    "request": Stage(module="warehouses.requesting", due="due_request"),
    "deliver": Stage(module="hub.effects.deliver", due="due_deliver"),
    "collect": Stage(module="warehouses.collecting", due="due_collect"),
    "batch": Stage(module="orders.batches", due="due_batch"),
    "file": Stage(module="documents.making", due="due_file"),
    "keep": Stage(module="orders.keeping", due="due_keep", every_ticks=6),
    "retain": Stage(module="orders.retention.running", due="due_retain", every_ticks=6),
}

TROUBLES: list[str] = ["orders.troubles.SOURCES", "warehouses.troubles.SOURCES", "hub.effects.troubles.SOURCES"]
"""What may not have gone through, for 要確認エラー: each a list of hub.troubles.Source, in the order shown."""

ORDER_PANELS: dict[str, str] = {
    "mails": "mailer.panels.mails_of",
    "requests": "warehouses.panels.requests_of",
    "rules": "automation.explaining.rules_of",
    "overdue": "warehouses.panels.overdue_by_warehouse",
    "enter_result": "warehouses.results.enter_result",
    "may_enter": "warehouses.results.may_enter",
    "ask_withdrawal": "warehouses.operations.ask_withdrawal",
    "mail_templates": "mailer.bulk.templates_for",
    "mail_previews": "mailer.bulk.previews",
    "mail_held": "mailer.bulk.held",
    "queue_mail": "mailer.bulk.queue",
    "unqueue_mail": "mailer.bulk.unqueue",
}
"""What apps above orders add to its pages, by name (orders/plugs.py): panels to show, and acts behind buttons."""
