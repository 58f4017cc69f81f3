"""Which mainline string a vendor's part has: by the chip's name, or by the family that the vendor's driver serves.

The candidates stand in the order in which they are tried; one that no board of the kernel uses comes last.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pmport.kernels.upstream_status import chip_in, chip_strings, downstream_map

if TYPE_CHECKING:
    from pmport.devicetree import TreeNode
    from pmport.kernels.mainline_index import MainlineIndex

__all__ = ["candidates"]

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    # touch
    (r"synaptics.*(?:rmi|dsx|s3\d{3}|_ts|-ts|ts$)|^syna", ("syna,rmi4-i2c",)),
    (r"focaltech|ft5x0?6|ft5[x\d]46|fts_ts|^ft,", ("edt,edt-ft5406", "edt,edt-ft5306", "edt,edt-ft5506", "focaltech,ft5452")),
    (r"sec,sec_ts|sec_ts", ("samsung,s6sy761",)),
    (r"mms3\d\d", ("melfas,mms345l",)),
    (r"mms252", ("melfas,mms252",)),
    (r"mms(?:114|152|134|136)", ("melfas,mms114",)),
    (r"mxts|maxtouch|mxt\d", ("atmel,maxtouch",)),
    (r"bt541", ("zinitix,bt541",)), (r"bt532", ("zinitix,bt532",)),
    (r"ist30(\d\d)", ("imagis,ist3038c",)),
    (r"(?:stm|st),?.*(?:fts|ftm4)", ("st,stmfts",)),
    (r"abov,mc96ft", ("coreriver,tc360-touchkey",)),
    (r"cypress[-_]?(?:tkey|touchkey)|cypress,cypress", ("cypress,midas-touchkey", "cypress,tm2-touchkey")),
    (r"himax,hx852", ("himax,hx852es",)),
    (r"hideep", ("hideep,hideep-ts",)),
    # sensors
    (r"bma2x2|bma25[45]|bma222", ("bosch,bmc150_accel", "bosch,bma255", "bosch,bma254")),
    (r"bmm050|bmc150_mag", ("bosch,bmc150_magn",)),
    (r"k303c_acc", ("st,lsm303c-accel",)), (r"k303c_mag", ("st,lsm303c-magn",)),
    (r"k2hh", ("st,lis2hh12",)), (r"lis3dh", ("st,lis3dh-accel",)), (r"lis2dh", ("st,lis2dh12-accel",)),
    (r"mpu6515", ("invensense,mpu6515",)), (r"mpu6500", ("invensense,mpu6500",)),
    (r"mpu6050|mpu6880", ("invensense,mpu6050", "invensense,mpu6880", "invensense,mpu6500")),
    (r"icm206\d\d", ("invensense,icm20608",)),
    (r"ak0?9911", ("asahi-kasei,ak09911",)), (r"ak0?9916", ("asahi-kasei,ak09916",)), (r"ak8963", ("asahi-kasei,ak8963",)),
    (r"ltr559", ("liteon,ltr559",)), (r"ltr501", ("liteon,ltr501",)), (r"apds9930", ("avago,apds9930",)),
    (r"yas537", ("yamaha,yas537",)), (r"yas532", ("yamaha,yas532",)),
    (r"kxtj2", ("kionix,kxtj21009",)), (r"kxcj9", ("kionix,kxcj91008",)), (r"stk331\d", ("sensortek,stk3310",)),
    # power
    (r"sm5502", ("siliconmitus,sm5502-muic",)), (r"sm5504", ("siliconmitus,sm5504-muic",)),
    (r"rt5033.*fuel|rt5033-battery", ("richtek,rt5033-battery",)), (r"rt5033", ("richtek,rt5033",)),
    (r"bq27541|bq27411", ("ti,bq27541", "ti,bq27411")), (r"bq2419[26]", ("ti,bq24196", "ti,bq24192")), (r"bq25890", ("ti,bq25890",)),
    (r"max17048", ("maxim,max17048",)), (r"max17050", ("maxim,max17050",)), (r"smb358", ("summit,smb358",)), (r"smb347", ("summit,smb347",)),
    (r"max77705(?!.*(?:charger|fuel))", ("maxim,max77705",)), (r"fsa4480", ("fcs,fsa4480",)), (r"s2dos05", ("samsung,s2dos05",)),
    (r"tusb320l", ("ti,tusb320l",)), (r"tusb320", ("ti,tusb320",)), (r"fan53555", ("fcs,fan53555",)),
    # light
    (r"lm3630", ("ti,lm3630a",)), (r"lp8556", ("ti,lp8556",)), (r"lm3697", ("ti,lm3697",)), (r"aw2013", ("awinic,aw2013",)),
    (r"ktd3102|ktd253", ("kinetic,ktd253",)), (r"sn3193", ("si-en,sn3193",)), (r"sn3190", ("si-en,sn3190",)), (r"lp5523", ("national,lp5523",)),
    (r"lm36274", ("ti,lm36274",)), (r"lm36272", ("ti,lm36274",)),
    # NFC
    (r"nq-nci|pn54[478]|pn553|pn557|^nfc-nci|nxp-nci|sn1[01]0|nxp,nfc", ("nxp,nxp-nci-i2c",)),
    (r"sec-nfc|s3fwrn5", ("samsung,s3fwrn5-i2c",)), (r"st21nfc", ("st,st21nfcb-i2c",)),
    # sound
    (r"tfa9890", ("nxp,tfa9890",)), (r"tfa9895", ("nxp,tfa9895",)), (r"tfa9897", ("nxp,tfa9897",)),
    (r"max98927", ("maxim,max98927",)), (r"max98357", ("maxim,max98357a",)), (r"max98504", ("maxim,max98504",)), (r"max98512", ("maxim,max98512",)),
    (r"cs35l36", ("cirrus,cs35l36",)), (r"cs35l41", ("cirrus,cs35l41",)), (r"tas2552", ("ti,tas2552",)), (r"tas2562", ("ti,tas2562",)),
    (r"drv2604", ("ti,drv2604",)), (r"drv2605", ("ti,drv2605",)), (r"isa1200", ("imagis,isa1200",)),
)  # fmt: skip
"""What a vendor's string or node name says → mainline's strings."""
NEVER = re.compile(
    r"camera|eeprom|actuator|flash|sensor@|,ois|i2c-pmic|qpnp|csi|cam[-_]|jpeg|fpc|fingerprint|etspi|p61|ese|tmds|sii8|tdmb|mhl",
    re.IGNORECASE,
)


def candidates(node: TreeNode, index: MainlineIndex, boards: Callable[[str], int]) -> tuple[str, ...]:
    """Mainline's strings for a vendor's part.

    Args:
        node: The vendor's node.
        index: The drivers of a kernel.
        boards: How many boards of the kernel have a part with a string.

    Returns:
        The strings, the best first; none where no driver is known.
    """
    strings = node.compatible
    text = " ".join(strings)
    if NEVER.search(text):
        return ()
    for pattern, found in FAMILIES:
        if re.search(pattern, text, re.IGNORECASE):
            return tuple(sorted(found, key=lambda name: not boards(name)))
    return _by_string(strings, index) or _by_chip(strings, index)


def _by_string(strings: tuple[str, ...], index: MainlineIndex) -> tuple[str, ...]:
    """The very string, or a known pair."""
    for name in strings:
        if "," in name and index.drivers(name):
            return (name,)
    for name in strings:
        rows = [row.mainline for row in downstream_map().get(name, ()) if row.confidence in {"same", "mapped"}]
        if rows:
            return tuple(rows)
    return ()


def _by_chip(strings: tuple[str, ...], index: MainlineIndex) -> tuple[str, ...]:
    chips = chip_strings(index)
    return next(((chips[chip],) for name in strings if (chip := chip_in(name)) in chips), ())
