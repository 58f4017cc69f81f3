"""What a step may do to a phone that cannot be undone: one table from method, verb and name to danger.

Nobody who makes a plan says whether it is dangerous; :class:`~pmport.plan.FlashPlan` asks this table, and each flasher asks
it again, with the names that the phone itself uses. A maker may only add a danger.

Names are compared without regard to case, slot (``_a``, ``_b``), copy (``bak``, ``_backup``, ``2``) and place:
``XBL_A``, ``xblbak``, ``0:xbl`` and ``/dev/block/by-name/xbl`` are all ``xbl``. In a pattern ``*`` stands for anything.

Sources: partition tables of published firmware, the bootloaders' published code (LK, U-Boot, AOSP), and the deviceinfo
files of distributions, which name what ports do write.

Example:
    >>> danger_of("fastboot", "flash", "xbl_b"), danger_of("heimdall", "flash", "EFS"), danger_of("fastboot", "flash", "boot")
    ('bootloader', 'identity', '')
    >>> danger_of("fastboot", "command", "flashing lock"), danger_of("fastboot", "command", "erase:modemst1")
    ('lock', 'erase')
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

__all__ = ["COMMANDS", "DANGERS", "HARMLESS_ERASES", "PARTITIONS", "CommandRule", "PartitionRule", "danger_of"]

DANGERS: Mapping[str, str] = MappingProxyType(
    {
        "lock": "it locks the bootloader: with anything but the maker's software on it, the phone may never start again",
        "unlock": "it changes the bootloader's lock: the phone erases what its user keeps on it",
        "repartition": "it rewrites the partition table: everything on the phone is lost, and a wrong table is hard to mend",
        "bootloader": "it replaces a piece of the boot chain, or firmware that runs beside it: a wrong one leaves the phone dead without a hardware programmer",
        "calibration": "it overwrites what was measured for this one phone at the factory: radio, sensors or touch may never work again",
        "identity": "it overwrites what makes this phone itself (IMEI, serial number, keys): no image of another phone brings it back",
        "erase": "it erases a partition that the device record does not name for that: calibration and identity may be lost",
        "wipe": "it erases all that its user, or the system, keeps on the phone",
        "raw-command": "it runs what the bootloader is told, whatever that is: memory and storage can be overwritten",
        "cold-flash": "it starts code on the bare chip: a wrong one for this board may damage it",
    }
)
"""The words that ``allow=`` takes, and why each is dangerous."""

ANY = "*"
"""Every flash method but those that have types of images instead of partitions."""
TYPED = frozenset({"0xffff"})
"""Methods that know types of images: a name means there what that protocol says, and nothing else."""


@dataclass(frozen=True, slots=True)
class PartitionRule:
    """Partitions that share a danger.

    Args:
        danger: A key of :data:`DANGERS`.
        family: Whose phones have them.
        names: Patterns: lower-case names; one ``*`` in each stands for anything.
        method: The flash method, or :data:`ANY`.
        verbs: What is done to them.
        exact: Whether a place, a slot or a number makes it another partition: ``mmcsda1`` is not the disk ``mmcsda``.
    """

    danger: str
    family: str
    names: tuple[str, ...]
    method: str = ANY
    verbs: tuple[str, ...] = ("flash", "erase")
    exact: bool = False

    def is_for(self, method: str) -> bool:
        """Whether it counts for a flash method.

        Args:
            method: The method, without what follows a hyphen.

        Returns:
            True where it does.
        """
        return self.method == method or (self.method == ANY and method not in TYPED)


def _rule(danger: str, family: str, names: str, *, exact: bool = False) -> PartitionRule:
    return PartitionRule(danger, family, tuple(names.split()), exact=exact)


PARTITIONS: tuple[PartitionRule, ...] = (
    _rule("repartition", "all", "partition gpt gpt_* primary_gpt secondary_gpt backup_gpt mbr mbr,gpt ebr ptable mastertoc partition-table"),
    _rule("repartition", "Samsung", "pit"),
    _rule("repartition", "MediaTek", "pgpt sgpt pmt"),
    _rule("repartition", "Tegra", "pt gp1 gpt1"),
    _rule("repartition", "Rockchip", "parameter"),
    _rule("repartition", "Amlogic", "_aml_dtb"),
    _rule("repartition", "whole disks, as U-Boot and Linux name them", "mmc0 mmc1 mmc2 mmcblk0 mmcblk1 mmcblk2 mmcsda mmcsdb sda sdb sdc sdd sde sdf nvme0n1 emmc ufs disk all 0:0 1:0 2:0", exact=True),
    _rule("bootloader", "all", "bootloader* u-boot* uboot* spl spl-* tpl fip tee tee_* tz trustzone trusty atf bl1 bl2 bl31 bl32 bl33 ddr ddrinit dram*"),
    _rule("bootloader", "boot areas of an eMMC, as U-Boot and Linux name them", "mmc0boot* mmc1boot* mmc2boot* mmcblk0boot* mmcblk1boot* mmcblk2boot* boot0 boot1 0.1* 0.2* 1.1* 1.2* 2.1* 2.2*", exact=True),
    _rule("bootloader", "modems", "modem modem_fw modem_secure modem_userdata modemfirmware radio radio_* cdma-radio baseband cp cp_debug cpmain* cpmsa* non-hlos apnhlos mdm mdmddr"),
    _rule("bootloader", "Qualcomm", "xbl xbl_* abl aboot sbl sbl1 sbl2 sbl3 sbl* dbi sdi osbl appsbl appsboot qcsbl qcsblhd_cfgdata amss lk1st rpm tz_* tzsc tzmdtp hyp hyp_* hypervisor pmic devcfg keymaster* km cmnlib* cmnlib aop aop_* cpucp* shrm* qupfw imagefv uefi* multiimgoem multiimgqti featenabler storsec sec secdata apdp msadp dpo dip cdt dpr mdtp* mdtpsecapp lksecapp bksecapp qsee widevine qhee* qweslicstore spunvm toolsfv tmmgr soccp* pdp* pdp_cdb vm-bootsys rtice quantumsdk idmanager catefv cateloader"),
    _rule("bootloader", "Samsung", "sboot sbl1 sbl2 ibl+pbl ibl pbl ebl epbl fwbl1 el3_mon el3mon param up_param qn_param cm ldfw tzsw tzar tz_sw md5hdr bota bota0 bota1 nad_fw nad_refer dqmdbg uh uhcfg harx h-arx ect acpm dpm"),
    _rule("bootloader", "Google Tensor", "pbl gsa gsa_* gcf ufsfwupdate fips trusty dpm tzsw ldfw"),
    _rule("bootloader", "MediaTek", "preloader* pl lk lk_* lk2 loader_ext* trustzone gz gz_* spmfw scp sspm sspm_* mcupm* mcf_ota pi_img vcp ccu apusys gpueb mvpu_algo cam_vpu* audio_dsp md1img md1dsp md1rom md1arm7 md3img md3rom md_sec_ro sec_ro secro boot_para dram_para ppl efuse"),
    _rule("bootloader", "Unisoc", "splloader sml teecfg trustos tddsp l_modem w_modem tl_tgdsp nr_modem l_gdsp l_ldsp l_warm l_tgdsp w_gdsp w_wdsp tl_ldsp nr_deltanv l_deltanv nr_*dsp pm_sys wcnmodem wcnfdl gpsgl gpsbd hypervsior hypervisor"),
    _rule("bootloader", "HiSilicon", "xloader fastboot fastboot1 teeos trustfirmware lpm3 fw_lpm3 fw_hifi sensorhub hifi hisee* hhee vrl vrl_* vector iom3 uce"),
    _rule("bootloader", "Tegra", "bct mb1 mb1_bct mem-bct mem_bct mb2 mts-* mts_* cpu-bootloader cpu_bootloader bootloader-dtb cpubl-cfg ebt ebtt eks tos tos-mon-fw secure-os bpmp-* bpmp-fw bpmp-fw-dtb sce-fw spe-fw rce-fw ape-fw adsp-fw sc7 nvc nvc-* tboot tboot-cpu wb0 wb0bootloader rp4 staging blob"),
    _rule("bootloader", "Rockchip", "loader loader1 loader2 idbloader idblock trust security"),
    _rule("bootloader", "Amlogic", "bootloader_up reserved env unifykey fip_*"),
    _rule("bootloader", "NXP", "u-boot-env trustyos"),
    _rule("bootloader", "Intel", "ifwi bios droidboot osip dnx fw_dnx ulpmc capsule"),
    _rule("bootloader", "Allwinner, TI, Marvell, ST-Ericsson, Broadcom", "toc0 toc1 x-loader xloader mlo obm obm2 tim ntim timh dtim* bbm ipl* steboot* loke* 2ndloke* issw power_management"),
    _rule("bootloader", "LG, HTC, Motorola, Sony, Nokia", "laf lafbak hboot hosd s1boot s1_boot s1sbl motoboot mbm mbmloader mbmbackup"),
    _rule("calibration", "all", "persist* nv nvm nvram nvdata nvcfg cal caldata calibration calib"),
    _rule("calibration", "Qualcomm", "modemst* modem_st* fsg fsg_* fsc mdm1m9kefs* m9kefs* nvbk"),
    _rule("calibration", "Samsung", "cpefs cp_efs"),
    _rule("calibration", "MediaTek", "protect protect_* protect1 protect2 protect_f protect_s md_udc"),
    _rule("calibration", "Unisoc", "l_fixnv* l_runtimenv* w_fixnv* w_runtimenv* td_fixnv* tdfixnv* tdruntimenv* tl_fixnv* tl_runtimenv* td_runtimenv* nr_fixnv* nr_runtimenv* wfixnv* wruntimenv* fixnv* runtimenv*"),
    _rule("calibration", "HiSilicon", "modemnvm*"),
    _rule("calibration", "makers", "pds csa cspsa* modemfs* rfg* oem_dycnvbk oem_stanvbk pg1fs pg2fs mfd mfg mpt"),
    _rule("identity", "Samsung, Google", "efs efs_* persdata ul_keys tziccc sec_efs efs2 keystorage keydata keyrefuge"),
    _rule("identity", "Qualcomm", "keystore ssd prov devcert keybox"),
    _rule("identity", "MediaTek", "proinfo kb dkb flashinfo otp barcode"),
    _rule("identity", "Unisoc", "miscdata prodnv"),
    _rule("identity", "HiSilicon", "oeminfo nvme secure_storage certification"),
    _rule("identity", "Tegra, Amlogic, Rockchip, Intel", "nct ver key keys vnvm vendor_storage cri_data spid"),
    _rule("identity", "makers", "ta trim_area lta-label ltalabel cid utags* sp hw factory factory_* board_info boardinfo sutinfo hwcfg ztecfg ztenv drm eksst rct"),
    _rule("lock", "all", "frp devinfo config steady seccfg rpmb"),
    PartitionRule("bootloader", "Nokia", ("xloader", "secondary"), "0xffff", ("flash",)),
    PartitionRule("cold-flash", "Nokia", ("2nd", "secondary"), "0xffff", ("stage",)),
)  # fmt: skip
"""The table of partitions; the first rule that names a partition counts."""


@dataclass(frozen=True, slots=True)
class CommandRule:
    """Commands of bootloaders that share a danger.

    Args:
        danger: A key of :data:`DANGERS`; "" for what is known to be harmless though a later rule would match.
        pattern: Regular expression that the whole command, in lower case, matches.
        example: One that does.
        method: The flash method.
    """

    danger: str
    pattern: str
    example: str
    method: str = "fastboot"


COMMANDS: tuple[CommandRule, ...] = (
    CommandRule("", r"flashing get_unlock_ability", "flashing get_unlock_ability"),
    CommandRule("", r"oem (help|device-info|dmesg|log|hash( sha\d+)?|dtb|screenshot|parsed-\w+|read-partition .*|ramoops( \w+)?)", "oem ramoops raw"),
    CommandRule("", r"oem (get|read|show|print|list)[-_ ]?\w*", "oem get_sn"),
    CommandRule("unlock", r"(flashing|oem) .*unlock.*", "flashing unlock_critical"),
    CommandRule("unlock", r"oem asus-go\b.*", "oem asus-go"),
    CommandRule("lock", r"(flashing|oem) (.*[^a-z])?(re)?lock.*", "oem lock"),
    CommandRule("raw-command", r"(oem (run|cmd|exec|shell|console|poke|writel?|memwrite|debug write)\b|[ua]cmd:).*", "oem run:mmc erase 0 100"),
    CommandRule("repartition", r"oem (format|gpt|partition|repartition|mbr|allow-flash-super|reset[-_]?partition)\b.*", "oem format"),
    CommandRule("bootloader", r"oem (partconf|bootbus|efuse|fuse|burn|blow|rpmb|bootloader|upgrade|update)\b.*", "oem partconf:1 1 0"),
    CommandRule("calibration", r"oem .*(calib|nvram|nv[_-]|modemst|fsg).*", "oem nv_restore"),
    CommandRule("identity", r"oem .*(imei|serial|write[-_]?(id|mac|sn|cid)|\bcid\b).*", "oem writeimei 490154203237518"),
    CommandRule("erase", r"oem .*(eras|wip|clean|clear|reset|factory|delete|nuke|format).*", "oem erase_phone"),
    CommandRule("wipe", r"update-super:[^:]*:wipe", "update-super:super:wipe"),
    CommandRule("wipe", r"gsi:wipe", "gsi:wipe"),
    CommandRule("erase", r"delete-logical-partition:.*", "delete-logical-partition:system_a"),
)  # fmt: skip
"""The table of commands; the first rule that matches counts. ``flash:NAME`` and ``erase:NAME`` are judged as those verbs."""

HARMLESS_ERASES = frozenset(
    {
        "cache", "userdata", "metadata", "boot", "init_boot", "vendor_boot", "recovery", "dtbo", "vbmeta", "vbmeta_system",
        "vbmeta_vendor", "system", "system_ext", "vendor", "product", "odm",
    }
)  # fmt: skip
"""Partitions that every port rewrites, or that hold only what the user or a system image put there."""

SLOT = re.compile(r"_[ab]$")
COPY = re.compile(r"(?<=.)(_?(bak|backup|bk|bkup)|_?\d)$")
PLACES = re.compile(r"[:#/\\]")
LONGEST_NAME = 128
"""No partition has a longer name; what follows is not looked at."""
RAMDISK_HOSTS = frozenset({"vendor_boot", "vendor_kernel_boot"})
"""Partitions behind whose name a colon names a ramdisk, as AOSP's client has it."""


def danger_of(method: str, verb: str, what: str) -> str:
    """The danger of one step.

    Args:
        method: Flash method: ``fastboot``, ``heimdall``, ``heimdall-bootimg``, ``0xffff`` …
        verb: ``flash``, ``erase``, ``stage`` or ``command``; every other verb is harmless.
        what: Name of the partition or type of image; the text of a command.

    Returns:
        A key of :data:`DANGERS`; "" where the table knows none.
    """
    family = method.partition("-")[0]
    return _command(family, what) if verb == "command" else _partition(family, verb, what)


def _partition(method: str, verb: str, what: str) -> str:
    found = _by_name(method, verb, what)
    if verb != "erase":
        return found
    if found in {"calibration", "identity"}:
        return "erase"
    return found or ("" if SLOT.sub("", what.strip().lower()) in HARMLESS_ERASES else "erase")


def _command(method: str, text: str) -> str:
    plain = " ".join(text.lower().split())
    verb, _, name = plain.partition(":")
    if method == "fastboot" and verb in {"flash", "erase"} and name:
        return _partition(method, verb, name)
    return next(
        (rule.danger for rule in COMMANDS if rule.method == method and re.fullmatch(rule.pattern, plain, re.DOTALL)), ""
    )


def _names(what: str) -> Iterator[str]:
    """What a name says without its place: ``0:xbl`` is ``xbl``."""
    name = what.strip().lower()
    tokens = [token for token in PLACES.split(name) if token]
    if len(tokens) > 1 and SLOT.sub("", tokens[0]) in RAMDISK_HOSTS:
        tokens = tokens[:1]
    yield from tokens if len(tokens) == 1 else [token for token in tokens if not token.isdecimal()]


def _forms(name: str) -> Iterator[str]:
    """A name without slot and number of copy, one after the other."""
    yield name
    while (shorter := COPY.sub("", SLOT.sub("", name))) != name:
        yield SLOT.sub("", name)
        yield shorter
        name = shorter


@cache
def _rows() -> tuple[Mapping[str, tuple[int, ...]], tuple[tuple[str, str, int], ...]]:
    """The table for look-ups: plain names with the numbers of their rules, and patterns as what is before and after a star."""
    plain: dict[str, tuple[int, ...]] = {}
    starred = []
    for number, rule in enumerate(PARTITIONS):
        for name in rule.names:
            before, star, after = name.partition("*")
            if star:
                starred.append((before, after, number))
            else:
                plain[name] = (*plain.get(name, ()), number)
    return plain, tuple(starred)


def _rules_of(form: str) -> Iterator[int]:
    plain, starred = _rows()
    yield from plain.get(form, ())
    for before, after, number in starred:
        if len(form) >= len(before) + len(after) and form.startswith(before) and form.endswith(after):
            yield number


def _by_name(method: str, verb: str, what: str) -> str:
    name = what.strip().lower()[:LONGEST_NAME]
    found = {number for number in _rules_of(name) if PARTITIONS[number].exact}
    for token in _names(name):
        for form in _forms(token):
            found |= {number for number in _rules_of(form) if not PARTITIONS[number].exact}
    fitting = (PARTITIONS[number] for number in sorted(found))
    return next((rule.danger for rule in fitting if verb in rule.verbs and rule.is_for(method)), "")
