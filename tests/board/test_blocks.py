"""How far mainline is for a vendor's tree is measured by address, whatever the vendor calls a block."""

from __future__ import annotations

import pytest
from support import CORPUS, real

import pmport
from pmport.board import BlockState, block_status
from pmport.devicetree import Blob, parse_source
from pmport.errors import FormatError

VENDOR = """/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; compatible = "qcom,msm8916";
    uart@78b0000 { compatible = "acme,own-name"; reg = <0x78b0000 0x200>; };
    secret@7777000 { compatible = "acme,secret"; reg = <0x7777000 0x200>; };
    off@78b9000 { compatible = "acme,i2c"; reg = <0x78b9000 0x200>; status = "disabled"; }; };"""


def test_a_block_is_the_same_whatever_it_is_called() -> None:
    found = {block.address: block for block in block_status(parse_source(VENDOR)).blocks}
    assert found[0x78B0000].state is BlockState.DRIVEN
    assert found[0x78B0000].label == "blsp_uart2"
    assert found[0x7777000].state is BlockState.ABSENT
    assert 0x78B9000 not in found  # it is not in use


def test_a_chip_that_mainline_has_not_is_said() -> None:
    with pytest.raises(FormatError, match="has no file for the chip"):
        block_status(parse_source('/dts-v1/; / { compatible = "mediatek,mt6768"; };'))


@pytest.mark.corpus
def test_storage_clocks_and_usb_of_a_well_supported_chip_are_driven() -> None:
    with pmport.open(real(CORPUS / "dtb" / "xiaomi-lithium-msm8996pro.dtb")) as blob:
        assert isinstance(blob, Blob)
        status = block_status(blob.tree())
    driven = {block.label for block in status.blocks if block.state is BlockState.DRIVEN}
    assert {"gcc", "ufshc", "usb3_dwc3", "tlmm", "mdss"} <= driven
