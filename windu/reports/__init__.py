"""Reports of a run as one HTML page."""

from windu.reports.report import Report, report, report_of

__all__ = ["Report", "report", "report_of"]
