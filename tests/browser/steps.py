"""What a person does on a page: press, unfold, write, send."""

from playwright.sync_api import Locator, Page


def press(page: Page, name, within: str = "main") -> None:
    """A button or link by its words, and wait for the page that comes."""
    place = page.locator(within)
    with page.expect_navigation():
        place.get_by_role("button", name=name).or_(place.get_by_role("link", name=name)).first.click()


def step(page: Page, name: str) -> None:
    """A step of a draft by its words; its number and its reasons stand beside them."""
    with page.expect_navigation():
        page.locator(".steps-row a", has_text=name).click()


def unfold(page: Page, summary: str) -> Locator:
    page.locator("summary", has_text=summary).first.click()
    return page.locator("details[open]", has_text=summary).first


def write(where: Page | Locator, /, **fields) -> None:
    """Fields of a form by their names; of a choice, its value or its words."""
    for name, value in fields.items():
        control = where.locator(f"[name={name}]").first
        if control.evaluate("one => one.tagName") != "SELECT":
            control.fill(str(value))
        elif control.locator(f'option[value="{value}"]').count():
            control.select_option(str(value))
        else:
            control.select_option(label=value)


def send(page: Page, place: Locator) -> None:
    with page.expect_navigation():
        place.locator("button.btn").first.click()


def state_of(page: Page) -> str | None:
    return page.locator("h1 [data-state]").first.get_attribute("data-state")
