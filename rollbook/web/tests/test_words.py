import pytest
from django.utils.translation import override

from rollbook.web.words import about


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("claim #12", "Claim #12", "申领 #12"),
        ("classes.Lesson:681", "Lesson #681", "课次 #681"),
        ("Present", "Present", "出勤"),
        ("2026 玄武 焊工 #1", "2026 玄武 焊工 #1", "2026 玄武 焊工 #1"),
        ("", "", ""),
    ],
)
def test_what_an_entry_is_about_is_read_in_words(text, english, chinese):
    with override("en"):
        assert about(text) == english
    with override("zh-hans"):
        assert about(text) == chinese
