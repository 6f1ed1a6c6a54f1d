"""What a run holds, as one page with pictures."""

from windu.reports.report import Report, report, report_of

__all__ = ["Report", "report", "report_of"]
