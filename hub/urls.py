"""The platform's own pages. Home, search, jobs and effects belong to this namespace too, and are shown by `orders/views`."""

from django.urls import path, re_path

from hub.ids import register_in_paths
from hub.views import account, invitations, members, outgoing, sessions, settings, signing, switching, tokens

register_in_paths()

app_name = "hub"
urlpatterns = [
    path("sign-in/", signing.sign_in, name="sign_in"),
    path("sign-out/", signing.sign_out, name="sign_out"),
    path("sign-in/second-factor/", signing.second_factor, name="second_factor"),
    path("password/reset/", signing.password_reset, name="password_reset"),
    path("password/reset/sent/", signing.password_reset_sent, name="password_reset_sent"),
    path("invitations/<str:secret>/", invitations.accept, name="invitation"),
    path("tenant/", switching.switch_tenant, name="switch_tenant"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/second-factor/", account.second_factor_setup, name="second_factor_setup"),
    path("account/recovery-codes/", account.recovery_codes, name="recovery_codes"),
    path("account/sessions/end-others/", sessions.end_others, name="sessions_end_others"),
    path("account/sessions/<oid:pk>/end/", sessions.end, name="session_end"),
    path("settings/", settings.index, name="settings"),
    path("settings/outgoing/", outgoing.outgoing, name="outgoing"),
    path("settings/members/", members.members, name="members"),
    path("settings/members/invite/", members.invite, name="invite"),
    path("settings/members/<oid:pk>/", members.member, name="member"),
    path("settings/members/<oid:pk>/remove/", members.remove, name="member_remove"),
    path("settings/members/<oid:pk>/sign-out/", members.sign_out, name="member_sign_out"),
    path("settings/invitations/<oid:pk>/again/", members.invite_again, name="invitation_again"),
    path("settings/invitations/<oid:pk>/drop/", members.drop_invitation, name="invitation_drop"),
    path("settings/tokens/", tokens.tokens, name="tokens"),
    path("settings/tokens/new/", tokens.new, name="token_new"),
    path("settings/tokens/<oid:pk>/revoke/", tokens.revoke, name="token_revoke"),
]

by_name_of_allauth = [
    path("sign-in/", signing.sign_in, name="account_login"),
    path("sign-out/", signing.sign_out, name="account_logout"),
    path("sign-in/second-factor/", signing.second_factor, name="mfa_authenticate"),
    path("sign-in/second-factor/again/", signing.second_factor_again, name="mfa_reauthenticate"),
    path("sign-in/again/", signing.password_again, name="account_reauthenticate"),
    path("password/reset/", signing.password_reset, name="account_reset_password"),
    path("password/reset/sent/", signing.password_reset_sent, name="account_reset_password_done"),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        signing.password_set,
        name="account_reset_password_from_key",
    ),
]
"""Addresses that allauth asks for by its own names."""
