"""Paths of the pages of mail."""

from __future__ import annotations

from django.urls import path

from mailer.views import accounts, messages, templates

app_name = "mailer"
urlpatterns = [
    path("mail/", messages.messages, name="messages"),
    path("mail/templates/", templates.templates, name="templates"),
    path("mail/templates/new/", templates.template_new, name="template_new"),
    path("mail/templates/<oid:pk>/", templates.template, name="template"),
    path("mail/templates/<oid:pk>/preview/", templates.template_preview, name="template_preview"),
    path("mail/templates/<oid:pk>/switch/", templates.template_switch, name="template_switch"),
    path("mail/templates/<oid:pk>/retire/", templates.template_retire, name="template_retire"),
    path("mail/accounts/", accounts.accounts, name="accounts"),
    path("mail/accounts/new/", accounts.account_new, name="account_new"),
    path("mail/accounts/<oid:pk>/", accounts.account, name="account"),
    path("mail/accounts/<oid:pk>/test/", accounts.account_test, name="account_test"),
    path("mail/accounts/<oid:pk>/retire/", accounts.account_retire, name="account_retire"),
    path("mail/compose/<oid:pk>/", messages.compose, name="compose"),
    path("mail/gate/<oid:pk>/", messages.gate, name="gate"),
    path("mail/<oid:pk>/", messages.message, name="message"),
    path("mail/<oid:pk>/again/", messages.message_again, name="message_again"),
]
