"""What a person uses a device for, as far as a restriction can forbid it."""

from __future__ import annotations

from enum import StrEnum


class Feature(StrEnum):
    """Something a person does without a server being asked: it is seen, or it is refused."""

    CAMERA = "camera"
    SCREENSHOT = "screenshot"
    SIRI = "siri"
    SAFARI = "safari"
    AIRDROP = "airdrop"
    VIDEO_CALL = "video_call"
    IMESSAGE = "imessage"
    IN_APP_PURCHASE = "in_app_purchase"
    HOST_PAIRING = "host_pairing"
    USB_DRIVE = "usb_drive"
    VPN_CONFIGURATION = "vpn_configuration"
    BLUETOOTH_SETTINGS = "bluetooth_settings"
    PERSONAL_HOTSPOT_SETTINGS = "personal_hotspot_settings"
    CELLULAR_PLAN_SETTINGS = "cellular_plan_settings"
    NOTIFICATION_SETTINGS = "notification_settings"
    WALLPAPER = "wallpaper"
    FINGERPRINTS = "fingerprints"
    FIND_MY_DEVICE = "find_my_device"
    CLOUD_DOCUMENTS = "cloud_documents"
    CLOUD_KEYCHAIN = "cloud_keychain"
    CLOUD_PHOTOS = "cloud_photos"
    SCREEN_TIME = "screen_time"
    GAME_CENTER = "game_center"
    PROXIMITY_SETUP = "proximity_setup"
    """Setting up another device that lies beside this one."""
