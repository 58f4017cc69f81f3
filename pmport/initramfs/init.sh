#!/bin/busybox sh
# The first process of a minimal root. It loads modules, makes a USB gadget, and leaves a shell on every wire there is.
# Settings are in /etc/initramfs.conf. With root= on the kernel's command line it starts that system instead.

export PATH=/bin:/sbin:/usr/bin:/usr/sbin
/bin/busybox mkdir -p /bin /sbin /proc /sys /dev /run /tmp /root /mnt /etc
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
. /etc/initramfs.conf

LOG=/run/init.log
say() {
	echo "[initramfs] $*" >> "$LOG"
	echo "[initramfs] $*" > /dev/kmsg
}

word() { # the value of one word of the kernel's command line
	for one in $(cat /proc/cmdline); do
		case "$one" in "$1="*) echo "${one#*=}"; return ;; esac
	done
}

load_modules() {
	[ -f /etc/modules.load ] || return
	if ! [ -d "/lib/modules/$(uname -r)" ]; then
		say "ERROR: the modules are of $(ls /lib/modules), and the kernel is $(uname -r)"
		return
	fi
	while read -r module; do
		insmod "/lib/modules/$(uname -r)/$module" 2>> "$LOG" || say "$module was not loaded"
	done < /etc/modules.load
}

start_gadget() { # a serial port and a network on the USB cable, by configfs
	mkdir -p /config
	mount -t configfs configfs /config 2>> "$LOG" || { say "there is no configfs"; return 1; }
	gadget=/config/usb_gadget/g1
	mkdir -p "$gadget" 2>> "$LOG" || { say "there is no USB gadget in this kernel"; return 1; }
	echo "$usb_vendor" > "$gadget/idVendor"
	echo "$usb_product" > "$gadget/idProduct"
	mkdir -p "$gadget/strings/0x409" "$gadget/configs/c.1/strings/0x409"
	echo "$usb_manufacturer" > "$gadget/strings/0x409/manufacturer"
	echo "$usb_name" > "$gadget/strings/0x409/product"
	echo "$usb_serial" > "$gadget/strings/0x409/serialnumber"
	echo "shell and network" > "$gadget/configs/c.1/strings/0x409/configuration"
	for network in $usb_networks; do
		mkdir "$gadget/functions/$network" 2>> "$LOG" || continue
		ln -s "$gadget/functions/$network" "$gadget/configs/c.1/"
		break
	done
	mkdir "$gadget/functions/acm.usb0" 2>> "$LOG" && ln -s "$gadget/functions/acm.usb0" "$gadget/configs/c.1/"
	bind_gadget
}

bind_gadget() { # some controllers come late: their drivers wait for others
	tries=0
	while [ "$tries" -lt "$usb_wait" ]; do
		controller=${usb_controller:-$(ls /sys/class/udc 2>/dev/null | head -n 1)}
		[ -n "$controller" ] && echo "$controller" > "$gadget/UDC" 2>> "$LOG" && break
		sleep 1
		tries=$((tries + 1))
	done
	say "USB controller: ${controller:-none after $usb_wait s}"
	[ -n "$controller" ]
}

start_network() {
	interface=$(cat "$gadget"/functions/*/ifname 2>/dev/null | head -n 1)
	[ -n "$interface" ] || return
	ifconfig "$interface" "$phone_address" netmask 255.255.0.0 up
	printf 'start %s\nend %s\ninterface %s\noption subnet 255.255.0.0\nlease_file /run/udhcpd.leases\npidfile /run/udhcpd.pid\n' \
		"$host_address" "$host_address" "$interface" > /run/udhcpd.conf
	touch /run/udhcpd.leases
	udhcpd /run/udhcpd.conf 2>> "$LOG"
	say "network: $interface, $phone_address; the host gets $host_address"
}

start_remote_shells() {
	ifconfig lo 127.0.0.1 up
	dropbear=$(command -v dropbear)
	if [ -f /root/.ssh/authorized_keys ]; then # the key alone opens; its host key is made here, and nowhere else
		[ -n "$dropbear" ] || { say "ERROR: there is a key for SSH, and no dropbear"; return; }
		mkdir -p /etc/dropbear /var/run /var/log
		"$dropbear" -R -s -E 2>> "$LOG" && say "ssh: port 22, by key"
	else
		telnetd -l /bin/sh -b "$phone_address" 2>> "$LOG" && say "telnet: port 23"
	fi
}

dump_logs() { # what to attach to a report: named and laid out as postmarketOS' own
	say "$*"
	folder=/run/logs
	mkdir -p "$folder"
	dmesg > "$folder/dmesg.txt"
	cat /proc/cmdline > "$folder/cmdline.txt"
	cat /proc/partitions > "$folder/partitions.txt"
	blkid > "$folder/blkid.txt" 2>/dev/null
	cp /sys/firmware/fdt "$folder/fdt.dtb" 2>/dev/null
	cp "$LOG" "$folder/pmOS_init.txt"
	[ -f /proc/config.gz ] && cp /proc/config.gz "$folder/"
	printf 'device: %s\nkernel: %s\nreason: %s\n' "$codename" "$(uname -r)" "$*" > "$folder/_info"
	archive="$codename-initramfs-$(uname -r).tar.gz"
	tar -C "$folder" -czf "/run/$archive" .
	dd if=/dev/zero of=/run/logs.img bs=1M count=8 2>/dev/null
	if mkdosfs -n PMOS_LOGS /run/logs.img > /dev/null 2>> "$LOG" && mount -o loop -t vfat /run/logs.img /mnt 2>> "$LOG"; then
		cp "$folder"/* "/run/$archive" /mnt/
		umount /mnt
		export_logs
	fi
	say "logs: $folder, /run/$archive"
}

export_logs() { # the same as a disk on the USB cable
	[ -d "${gadget:-/none}" ] || return
	echo > "$gadget/UDC"
	mkdir "$gadget/functions/mass_storage.0" 2>> "$LOG" || { bind_gadget; return; }
	echo /run/logs.img > "$gadget/functions/mass_storage.0/lun.0/file"
	ln -s "$gadget/functions/mass_storage.0" "$gadget/configs/c.1/"
	bind_gadget
}

start_root() { # only where the command line names one
	root=$(word root)
	[ -n "$root" ] || return
	tries=0
	while [ "$tries" -lt "$root_wait" ]; do
		case "$root" in
			LABEL=*|UUID=*) device=$(findfs "$root" 2>/dev/null) ;;
			PARTLABEL=*) device=/dev/$(grep -lx "PARTNAME=${root#*=}" /sys/class/block/*/uevent | head -n 1 | cut -d / -f 5) ;;
			*) device=$root ;;
		esac
		[ -b "$device" ] && break
		sleep 1
		tries=$((tries + 1))
	done
	[ -b "$device" ] || { dump_logs "ERROR: root $root did not appear after $root_wait s"; return; }
	mount -o ro "$device" /mnt 2>> "$LOG" || { dump_logs "ERROR: root $device was not mounted"; return; }
	init=$(word init)
	[ -x "/mnt${init:-/sbin/init}" ] || { umount /mnt; dump_logs "ERROR: root $device has no ${init:-/sbin/init}"; return; }
	umount /proc /sys /dev/pts
	exec switch_root /mnt "${init:-/sbin/init}"
}

write_usb_shell() { # silent until the host says something: a host that echoes would talk with the shell for ever
	cat > /sbin/usb-shell <<-'END'
		#!/bin/sh
		stty raw -echo
		head -c 1 > /dev/null
		stty sane
		exec /bin/sh -l
	END
	chmod 755 /sbin/usb-shell
}

write_inittab() { # a shell on each console that is there; on USB and screen only once somebody presses Enter
	for terminal in $(cat /sys/class/tty/console/active) $consoles; do
		case "$terminal" in tty0) ;; *) echo "$terminal::respawn:-/bin/sh" ;; esac
	done | sort -u
	[ -c /dev/tty0 ] && echo 'tty1::askfirst:-/bin/sh'
	[ -c /dev/ttyGS0 ] && echo 'ttyGS0::respawn:/sbin/usb-shell'
	echo '::ctrlaltdel:/bin/reboot'
}

say "$(uname -r) on $(cat /proc/device-tree/model 2>/dev/null || uname -m)"
load_modules
start_gadget && start_network
start_remote_shells
start_root
write_usb_shell
write_inittab > /etc/inittab
say "ready"
exec /bin/busybox init
