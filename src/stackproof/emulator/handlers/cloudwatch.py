"""CloudWatch: alarms and dashboards."""

from __future__ import annotations

from typing import ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, named, only


class Alarm(Handler):
    """AWS::CloudWatch::Alarm."""

    type: ClassVar[str] = "AWS::CloudWatch::Alarm"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "AlarmName", at)
        at.send("cloudwatch", "put_metric_alarm", parameters)
        name = parameters["AlarmName"]
        return Made(name, {"Arn": at.arn("cloudwatch", f"alarm:{name}")})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if "AlarmName" in changed(new, old):
            only(changed(new, old))
        at.send("cloudwatch", "put_metric_alarm", {**new, "AlarmName": made.id})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("cloudwatch").delete_alarms(AlarmNames=[made.id])


class Dashboard(Handler):
    """AWS::CloudWatch::Dashboard."""

    type: ClassVar[str] = "AWS::CloudWatch::Dashboard"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "DashboardName", at)
        at.send("cloudwatch", "put_dashboard", parameters)
        return Made(parameters["DashboardName"], {"DashboardName": parameters["DashboardName"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if "DashboardName" in changed(new, old):
            only(changed(new, old))
        at.send("cloudwatch", "put_dashboard", {**new, "DashboardName": made.id})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("cloudwatch").delete_dashboards(DashboardNames=[made.id])


HANDLERS = (Alarm(), Dashboard())
