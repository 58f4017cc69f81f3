"""What facts suggest without saying it is proposed, with the reason, and taken for nothing more."""

from __future__ import annotations

import pytest

from pmport import device_db, facts, generate
from pmport.device_db.proposals import MAINLINE_PORTS, proposals
from pmport.devicetree import parse_source
from pmport.facts import DeviceFacts, Fact

FACTS = {
    "wrapper seandroidenforce": (Fact("wrapper", "seandroidenforce", "tail"), "flash_method", "heimdall-bootimg"),
    "table dtbh": (Fact("dtb_placement", "dtbh", "dt section"), "flash_method", "heimdall-bootimg"),
    "ufs": (Fact("storage", "ufs", "/soc/ufshc/compatible"), "rootfs_image_sector_size", "4096"),
    "bootdevice": (
        Fact("cmdline", "androidboot.bootdevice=1d84000.ufshc quiet", "header"),
        "rootfs_image_sector_size",
        "4096",
    ),
    "card": (Fact("storage", "card slot", "/soc/sdhci/cd-gpios"), "external_storage", "true"),
    "board": (Fact("compatible", "oneplus,enchilada", "dtb 0: /compatible"), "dtb", "qcom/sdm845-oneplus-enchilada"),
}


@pytest.mark.parametrize(("fact", "key", "value"), FACTS.values(), ids=FACTS)
def test_each_fact_proposes_its_key(fact: Fact, key: str, value: str) -> None:
    (proposal,) = proposals(DeviceFacts([fact]))
    assert (proposal.key, proposal.value) == (key, value)
    assert proposal.because


@pytest.mark.parametrize(("vendor", "mainline"), MAINLINE_PORTS.items())
def test_a_vendors_serial_port_is_proposed_by_mainlines_name(vendor: str, mainline: str) -> None:
    (proposal,) = proposals(DeviceFacts([Fact("cmdline", f"quiet console={vendor}0,921600n8", "header")]))
    assert proposal.value == f"{mainline}0;921600"


@pytest.mark.parametrize("cmdline", ["console=tty0", "console=null", "no console", "consoleblank=0 tty=ttyMSM0"])
def test_other_consoles_propose_nothing(cmdline: str) -> None:
    assert proposals(DeviceFacts([Fact("cmdline", cmdline, "header")])) == ()


def test_a_proposal_is_asked_for_and_not_taken() -> None:
    told = DeviceFacts([Fact("cmdline", "console=ttyHSL0,115200", "boot image header"), *FACTS["ufs"][:1]])
    draft = device_db.draft(told, "acme-argon")
    assert draft.device.system.getty == ""
    asked = {question.key: question for question in draft.needed}
    assert asked["getty"].proposal == "ttyMSM0;115200"
    assert asked["rootfs_image_sector_size"].proposal == "4096"
    text = generate.deviceinfo(draft.device, draft.questions)
    assert "Perhaps ttyMSM0;115200: console=ttyHSL0 in boot image header." in text
    assert not any(line.startswith("deviceinfo_getty") for line in text.splitlines())


def test_a_tree_tells_its_storage() -> None:
    tree = parse_source(
        '/dts-v1/; / { ufs@1 { compatible = "qcom,ufshc"; reg = <1>; }; ufs@2 { compatible = "qcom,ufshc"; status = "disabled"; };'
        ' mmc@3 { compatible = "qcom,sdhci-msm-v5"; cd-gpios = <0 1 2>; }; };'
    )
    found = [(fact.value, fact.source) for fact in facts.of(tree).all("storage")]
    assert found == [("ufs", "/ufs@1/compatible"), ("card slot", "/mmc@3/cd-gpios")]
