"""The usual way to mail tickets: reportlab draws, a QR library makes PNGs, the standard library packs and sends."""

from __future__ import annotations

import io
import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import zxingcpp
from PIL import Image
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from engine.domain.tickets.tickets import TicketPage

CODE_POINTS, MARGIN = 180, 34
TEXT, HTML = "These are your tickets.\n" * 25, "<p>These are your tickets.</p>\n" * 90  # as long as ours


def send(port: int, tickets: Sequence[tuple[TicketPage, str]]) -> None:
    """One mail with its codes inline and the PDF attached, over a connection of its own."""
    message = EmailMessage()
    first = tickets[0][0]
    message["Subject"] = f"Your tickets for {first.event_title}"
    message["From"], message["To"] = "onsale <tickets@example.test>", first.holder_email
    message.set_content(TEXT)
    message.add_alternative(HTML, subtype="html")
    page = message.get_body(("html",))
    assert isinstance(page, EmailMessage)
    images = [_png(code) for _, code in tickets]
    for number, image in enumerate(images):
        page.add_related(image, maintype="image", subtype="png", cid=f"<code{number}>")
    message.add_attachment(_pdf(tickets, images), maintype="application", subtype="pdf", filename="tickets.pdf")
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(message)


def _png(code: str) -> bytes:
    symbol = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    out = io.BytesIO()
    Image.fromarray(zxingcpp.write_barcode_to_image(symbol, scale=12)).save(out, "PNG")
    return out.getvalue()


def _pdf(tickets: Sequence[tuple[TicketPage, str]], images: Sequence[bytes]) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A5, pageCompression=1)
    width, height = A5
    for (ticket, _), image in zip(tickets, images, strict=True):
        at = ticket.starts_at.astimezone(ZoneInfo(ticket.timezone))
        lines = [
            (ticket.organization_name, 13), (f"Order {ticket.order_number}", 9), (ticket.event_title, 22),
            (f"{at:%A %d %B %Y, %H:%M}", 11), (ticket.venue_name, 10), (ticket.seat or ticket.section, 13),
            (ticket.ticket_type_name, 13), (ticket.holder_name, 13),
        ]  # fmt: skip
        y = height - 40
        for line, size in lines:
            canvas.setFont("Helvetica-Bold", size)
            canvas.drawString(MARGIN, y, line)
            y -= 1.4 * size
        canvas.drawImage(ImageReader(io.BytesIO(image)), (width - CODE_POINTS) / 2, 80, CODE_POINTS, CODE_POINTS)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
