"""nbgrader's configuration: the course's rooms, and our judge in place of its own.

Every nbgrader command started in this folder reads it, Formgrader too.
"""

import os
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parent
if str(root) not in sys.path:
    sys.path.insert(0, str(root))

from autograder import nbgrader_seams  # noqa: E402

nbgrader_seams.take_notebooks_only()
nbgrader_seams.look_at_submissions_with_care()
nbgrader_seams.refuse_in_words()
nbgrader_seams.release_whole_or_not_at_all()
nbgrader_seams.end_in_words()

c = get_config()  # noqa: F821  (nbgrader provides it)

c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = "normalisation"
# A class with several graders may keep its gradebook in PostgreSQL: postgresql://USER:PASSWORD@HOST/DATABASE
# SQLAlchemy would take that for another driver than the one in requirements.txt.
url = re.sub("^postgres(ql)?://", "postgresql+psycopg2://", os.environ.get("COURSE_DB_URL", ""))
c.CourseDirectory.db_url = url or f"sqlite:///{root / 'grading' / 'gradebook.db'}"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.solution_directory = "grading/solution"
c.ZipCollectApp.downloaded_directory = "grading/downloaded"
c.ZipCollectApp.extractor_plugin = "autograder.downloads.NotebookExtractor"
c.ZipCollectApp.collector_plugin = "autograder.downloads.NameCollector"

c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "autograder.nbgrader_seams.ClearAnswers",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.ClearAnswers.code_stub = {"python": 'raise NotImplementedError("write this")'}
c.ClearAnswers.text_stub = "Write here: double-click this line and put your answer in its place."
c.ClearMarkScheme.enforce_metadata = False  # the rubric has a cell of its own, beside the written answer

c.Autograde.exporter_class = "autograder.nbgrader_seams.SubmissionExporter"
c.Autograde.sanitize_preprocessors = []
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader_seams.Judge",
    "autograder.nbgrader_seams.SaveVerdicts",
    "nbgrader.preprocessors.AssignLatePenalties",
]

c.ExportApp.plugin_class = "autograder.nbgrader_seams.CsvExport"

c.GenerateFeedback.exporter_class = "autograder.nbgrader_seams.FeedbackExporter"
c.GenerateFeedback.preprocessors = ["autograder.nbgrader_seams.ReadGrades"]
