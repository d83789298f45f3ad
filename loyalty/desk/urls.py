"""Pages of the desk, under /desk/."""

from django.urls import path

from loyalty.desk import check, finding, joining, receipt, signin

app_name = "desk"

urlpatterns = [
    path("", check.screen, name="screen"),
    path("check/", check.update, name="check"),
    path("pay/", check.pay, name="pay"),
    path("clients/", finding.clients, name="clients"),
    path("goods/", finding.goods, name="goods"),
    path("register/", joining.joining, name="register"),
    path("visits/", receipt.today, name="today"),
    path("visits/<str:visit>/", receipt.receipt, name="receipt"),
    path("visits/<str:visit>/refund/", receipt.give_back, name="refund"),
    path("location/", signin.stand_at, name="location"),
    path("sign-in/", signin.SignIn.as_view(), name="sign_in"),
    path("sign-out/", signin.sign_out, name="sign_out"),
]
