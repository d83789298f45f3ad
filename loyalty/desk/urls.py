"""Pages of the desk, under /desk/."""

from django.urls import path

from loyalty.desk import check, counting, finding, joining, prizes, receipt, signin

app_name = "desk"

urlpatterns = [
    path("", check.screen, name="screen"),
    path("check/", check.update, name="check"),
    path("pay/", check.pay, name="pay"),
    path("clients/", finding.clients, name="clients"),
    path("goods/", finding.goods, name="goods"),
    path("register/", joining.joining, name="register"),
    path("actions/", counting.count, name="count"),
    path("visits/", receipt.today, name="today"),
    path("visits/<str:visit>/", receipt.receipt, name="receipt"),
    path("visits/<str:visit>/refund/", receipt.give_back, name="refund"),
    path("clients/<str:client>/prizes/", prizes.shelf, name="prizes"),
    path("clients/<str:client>/prizes/take/", prizes.take, name="prize_take"),
    path("clients/<str:client>/prizes/<str:claim>/hand-over/", prizes.hand_over, name="prize_hand_over"),
    path("clients/<str:client>/prizes/<str:claim>/take-back/", prizes.take_back, name="prize_take_back"),
    path("location/", signin.stand_at, name="location"),
    path("sign-in/", signin.SignIn.as_view(), name="sign_in"),
    path("sign-out/", signin.sign_out, name="sign_out"),
]
