"""Paths of the pages of rules."""

from __future__ import annotations

from django.urls import path

from automation.views import editor, rules

app_name = "automation"
urlpatterns = [
    path("rules/", rules.rules, name="rules"),
    path("rules/order/", rules.rules_order, name="rules_order"),
    path("rules/new/", editor.rule_new, name="rule_new"),
    path("rules/count/", editor.rule_count, name="rule_count"),
    path("rules/groups/new/", rules.group_new, name="group_new"),
    path("rules/groups/<oid:pk>/", rules.group_edit, name="group_edit"),
    path("rules/groups/<oid:pk>/switch/", rules.group_switch, name="group_switch"),
    path("rules/groups/<oid:pk>/retire/", rules.group_retire, name="group_retire"),
    path("rules/<oid:pk>/", editor.rule, name="rule"),
    path("rules/<oid:pk>/switch/", rules.rule_switch, name="rule_switch"),
    path("rules/<oid:pk>/retire/", rules.rule_retire, name="rule_retire"),
]
